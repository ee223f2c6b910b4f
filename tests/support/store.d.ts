/** The real store of this test run. */
export declare function testStore(): {
  url: string;
  port: number;
};
/** A key prefix that no other test uses. */
export declare function uniquePrefix(): string;
