/** Writes distributions of times in few bytes, as they are kept: see timeline/blockTimes.ts. */

/** Times below two to the power of this are a class each. */
let classBits: u32 = 8;
let at: usize = 0;
/** The class that was written last, and the one that is counted now. */
let last: i32 = 0;
let open: i32 = -1;
let count: u32 = 0;

/** Says how fine classes are. */
export function setPrecision(bits: u32): void {
  classBits = bits;
}

/** The class of a time: see timeline/classes.ts. */
export function classOf(time: i32): i32 {
  // An octave has half as many classes as there are times below the first.
  const octave = u32(max(0, i32(32 - classBits) - i32(clz(time))));
  return (octave << (classBits - 1)) + (u32(time) >> octave);
}

/** Begins a distribution at a place. */
export function begin(place: usize): void {
  at = place;
  last = 0;
  open = -1;
}

/** Adds a count of a class, which is not below those before. */
export function put(number: i32, more: u32): void {
  if (number === open) {
    count += more;
    return;
  }
  flush();
  open = number;
  count = more;
}

/** @returns the place behind the distribution; where it began when there is none */
export function end(): usize {
  flush();
  return at;
}

function flush(): void {
  if (open < 0) return;
  write(open - last);
  write(count);
  last = open;
}

/** Seven bits a byte. */
function write(value: u32): void {
  let rest = value;
  for (; rest >= 128; rest >>= 7) {
    store<u8>(at, rest | 128);
    at += 1;
  }
  store<u8>(at, rest);
  at += 1;
}
