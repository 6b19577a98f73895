/** Who changes something, as the log says it. */
export interface Who {
  /** The name of the token. */
  readonly by: string;
  /** Its id: what stands between the two lines of `tw_<6>_<32>`. */
  readonly token_id: string;
  /** The request that did it. */
  readonly request_id: string;
}
