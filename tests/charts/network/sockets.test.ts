import { expect, it } from 'vitest';
import { connectionsOf, parseSockets } from '../../cluster/support/sockets.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:24FE 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1
   1: 0F014E0A:24FE 05024E0A:D2F0 01 00000000:00000000 00:00000000 00000000  1000        0 2 1
   2: 0F014E0A:E1A2 01004F0A:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 3 1
   3: 0F014E0A:E1A4 01004F0A:01BB 06 00000000:00000000 00:00000000 00000000  1000        0 4 1
   4: 0100007F:E1A5 0100007F:24F8 01 00000000:00000000 00:00000000 00000000  1000        0 5 1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:24F8 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 0000000000000000FFFF00000F014E0A:24F8 0000000000000000FFFF000001014E0A:9C40 01 00000000:00000000
   2: B80D0120000000000000000001000000:C000 B80D0120000000000000000080000000:01BB 01 00000000:00000000
`;

it('sockets that live are read in both families', () => {
  expect(
    parseSockets(TCP + TCP6).map(
      ({ localIp, localPort, remoteIp, remotePort }) => `${localIp} ${localPort} ${remoteIp} ${remotePort}`,
    ),
  ).toEqual([
    '0.0.0.0 9470 0.0.0.0 0',
    '10.78.1.15 9470 10.78.2.5 54000',
    '10.78.1.15 57762 10.79.0.1 443',
    '127.0.0.1 57765 127.0.0.1 9464',
    '0000:0000:0000:0000:0000:0000:0000:0000 9464 0000:0000:0000:0000:0000:0000:0000:0000 0',
    '10.78.1.15 9464 10.78.1.1 40000',
    '2001:0db8:0000:0000:0000:0000:0000:0001 49152 2001:0db8:0000:0000:0000:0000:0000:0080 443',
  ]);
});

it('connections have a direction, by who listens, and are told once', () => {
  expect(connectionsOf(parseSockets(TCP + TCP6))).toEqual([
    { direction: 'in', otherIp: '10.78.2.5', port: 9470 },
    { direction: 'out', otherIp: '10.79.0.1', port: 443 },
    { direction: 'in', otherIp: '10.78.1.1', port: 9464 },
    { direction: 'out', otherIp: '2001:0db8:0000:0000:0000:0000:0000:0080', port: 443 },
  ]);
});
