/** One thing that a store needs before it is used. */
export interface Migration {
  /** `deliveries: index deliveries_due`. */
  readonly what: string;
  /** Whether it was not there before. */
  readonly made: boolean;
}
