/*
 * Memory that a process shows but does not need: the code that starting took (constructors, relocation, tables of
 * algorithms) stays mapped for good unless somebody lets go of it.
 */
#ifndef RESIDENT_H
#define RESIDENT_H

/*
 * Gives free heap back, and unmaps the pages of all code and constants, of the program and its libraries. They come
 * back from the page cache as they are used: a few dozen minor faults. Call it when there is nothing to do, or before
 * a long task.
 */
void resident_release(void);

#endif
