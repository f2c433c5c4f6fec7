/** What a command throws after Ctrl-C when there is more to say than that nothing was written. */
export class Interrupted extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Interrupted";
  }
}
