/** Who runs on which core. */

/** The core of the front that is measured, and of nothing else. */
export const FRONT_CORE = 0;

/** The core of the load generator, the common backend and the benchmark itself. */
export const LOAD_CORE = 1;
