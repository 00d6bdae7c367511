const SMALL = [
  ...["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
  ...["eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"],
  ...["eighteen", "nineteen"],
];
const TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/** An integer in 0..99 in words: `forty-two`. */
export function inWords(value: number): string {
  if (value < 20) return SMALL[value];
  const tens = TENS[Math.floor(value / 10) - 2];
  return value % 10 === 0 ? tens : `${tens}-${SMALL[value % 10]}`;
}

/** A natural number with its thousands marked: `12,480`. */
export function withThousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
