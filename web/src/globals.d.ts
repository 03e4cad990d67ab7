/** Constants that the build puts in. */
declare const __MOCK__: boolean;
