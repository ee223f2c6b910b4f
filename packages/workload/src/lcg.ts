/** One step of the generator on unsigned 32-bit integers (the classic VAX multiplier). */
export function lcg(x: number): number {
  return (Math.imul(69_069, x) + 1) >>> 0;
}

/** Four steps: enough to part neighbouring seeds. */
export function lcg4(x: number): number {
  return lcg(lcg(lcg(lcg(x))));
}

/** The upper half of a 32-bit number, 0 to 65,535: the half that a generator of this kind mixes well. */
export function hi(x: number): number {
  return x >>> 16;
}

/** A value of `min` to `max`, drawn from the upper half of `x`; at most 65,536 values are possible. */
export function draw(x: number, min: number, max: number): number {
  return min + (hi(x) % (max - min + 1));
}

/**
 * `steps` steps from the signed `y`. Shaped for V8, which otherwise was up to nine times slower for whole runs: signed
 * integers stay unboxed also before the code is optimized; sixteen steps written out make the function too large to
 * be copied into a caller, where the loop would stay in half-optimized code; and the odd steps come first, since code
 * that is replaced while a loop runs gives up at whatever comes after the loop.
 */
function repeat(from: number, steps: number): number {
  let y = from;
  for (let odd = steps % 16; odd > 0; odd--) y = (Math.imul(69_069, y) + 1) | 0;
  for (let rounds = Math.floor(steps / 16); rounds > 0; rounds--) {
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
    y = (Math.imul(69_069, y) + 1) | 0;
  }
  return y;
}

/** The compute of a job: `steps` steps of {@link lcg} from `y`, every one of them executed. */
export function compute(y: number, steps: number): number {
  return repeat(y | 0, steps) >>> 0;
}
