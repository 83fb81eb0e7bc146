/* Inputs of any size that are as bad as they can be for the one who reads them. Each is made anew; free() the bytes. */
#ifndef INPUTS_H
#define INPUTS_H

#include "span.h"

/* JSON: about so many bytes. Those with a fault in them have it at the very end. */
struct span input_names_ascending(size_t bytes);
struct span input_names_descending(size_t bytes);
struct span input_names_shuffled(size_t bytes);
struct span input_names_alike(size_t bytes); /* long ones that differ in their last bytes only */
struct span input_names_equal(size_t bytes); /* all one name: FAULT_DUPLICATE */
struct span input_elements(size_t bytes);    /* [0,0,0... */
struct span input_nested(size_t bytes);      /* [[[[]]],[[[]]],... */
struct span input_escapes(size_t bytes);
struct span input_digits(size_t bytes);  /* one number */
struct span input_cut_off(size_t bytes); /* many objects begun: FAULT_DEPTH or FAULT_TRUNCATED */

/* Bodies of metadata with so many entries. */
struct span input_snapshot(uint32_t version, size_t entries);
struct span input_targets(size_t entries);
/* So many delegations of 64 keys each, over four times so many keys. */
struct span input_delegations(size_t count);
/* So many delegations with one pattern each that nearly matches the path of so many bytes "aaa..." */
struct span input_patterns(size_t count);

#endif
