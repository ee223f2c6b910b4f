import { Packr } from 'msgpackr';

// As BullMQ's own: its scripts read what this writes (RedisQueueBackend's packer).
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

/** msgpack, as the scripts unpack it. */
export const pack = (value: unknown): Buffer => packr.pack(value);
