/**
 * What the page and its files have in common: files that a person chose, and places to write to. Types only, and of the
 * platform's objects no more than is used.
 */

/** A file that a person chose: the platform's File. */
export interface ChosenFile {
  readonly name: string;
  readonly size: number;
  /** Unix milliseconds. */
  readonly lastModified: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Chosen with the folders that it is in, the outermost first. Without a file: the last of these folders itself. */
export interface Chosen {
  readonly folders: readonly string[];
  readonly file?: ChosenFile;
}

/** Where a file is written as it comes: the platform's FileSystemWritableFileStream. */
export interface PlaceWriter {
  write(data: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** A place that a person chose: the platform's FileSystemFileHandle. */
export interface Place {
  createWritable(): Promise<PlaceWriter>;
}

/** Asks the person where one file is to be written; undefined: nowhere. */
export type AskPlace = (name: string) => Promise<Place | undefined>;

/** A file that is whole and waits to be saved. */
export interface KeptFile {
  readonly name: string;
  readonly size: number;
  /** `blob:`, valid until `forget`. */
  readonly address: string;
}

export interface FileShelf {
  /** Keeps these until they are offered: the names to offer them by. What it rejects with ends the transfer. */
  give(chosen: readonly Chosen[] | Promise<readonly Chosen[]>): Uint8Array[];
  /**
   * The person takes a transfer: asks for a place where the browser can. False: none was chosen. Called inside a press of a
   * button, because browsers want one.
   */
  choosePlace(id: number, name: string, count: number): Promise<boolean>;
  /** Bytes that can be kept without a place; undefined: a transfer is written to its place as it comes. */
  readonly bound: number | undefined;
  kept(id: number): readonly KeptFile[];
  /** Drops all that waits to be saved. */
  forget(): void;
}
