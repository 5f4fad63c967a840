/** Takes the files of a build, wherever they go: a folder, the browser's store. */
export interface BuildSink {
  /**
   * Starts a build, or takes up an interrupted one of the same fingerprint.
   * @param fingerprint differs when anything differs that the files' content depends on
   * @param nbytes of all files that the build will have
   * @returns MD5 (hexadecimal) of each file that is already whole; all others are to be written
   * @throws ConversionError `no-space` when there is not enough room, before anything is written
   */
  begin(fingerprint: string, nbytes: number): Promise<ReadonlyMap<string, string>>;
  /** Opens a file for writing from its start. Until it is committed it does not exist. */
  create(name: string): Promise<FileWriter>;
  /** Makes the build visible as a whole; to be called once, after the last commit. */
  finish(): Promise<void>;
}

export interface FileWriter {
  /** Appends. Once it resolves, the array's memory is the caller's to use again. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** @param md5 of the content, hexadecimal */
  commit(md5: string): Promise<void>;
  /** Gives the file up; never throws. */
  abort(): Promise<void>;
}
