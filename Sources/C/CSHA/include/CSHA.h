#ifndef PMS_CSHA_H
#define PMS_CSHA_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256's compression (FIPS 180-4, section 6.2) by the processor's own instructions. */

/* Whether this processor has them; asked once at start is enough. */
int pms_sha256_is_native(void);

/* Takes `count` blocks of 64 bytes into the eight working words, a to h.
   Only where pms_sha256_is_native: anywhere else it ends the process. */
void pms_sha256_compress(uint32_t words[8], const uint8_t *blocks, size_t count);

#endif
