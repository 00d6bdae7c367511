/** `3.2 s`, `12 min`, `5.1 h` */
export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toPrecision(2) : seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
