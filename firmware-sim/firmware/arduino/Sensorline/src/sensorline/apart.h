/* A function that is not to be merged into its caller: what it needs of the stack is then only taken while it runs.
 * Without that, gcc makes one function of the whole program, whose frame is 80 bytes. */
#pragma once

#define SL_APART __attribute__((noinline))
