/*
 * sha256: see sha256.h. Source: FIPS 180-4, section 6.2.
 */
#include "sha256.h"

#include <assert.h>

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool sha256_is_native(void)
{
	unsigned eax, ebx, ecx, edx;

	/* SSSE3 and SSE4.1 for the shuffles, then the SHA instructions. */
	if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_SSSE3) == 0 || (ecx & bit_SSE4_1) == 0)
		return false;
	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & bit_SHA) != 0;
}

static inline __m128i load(const void *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

/* The instructions want the eight words as ABEF and CDGH. */
__attribute__((target("sha,ssse3,sse4.1"))) void sha256_blocks(uint32_t words[8], const unsigned char *data,
							       size_t count)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i dcba = load(words), hgfe = load(words + 4), cdab, abef, cdgh, before_abef, before_cdgh, message[4], sum;

	cdab = _mm_shuffle_epi32(dcba, 0xB1);
	hgfe = _mm_shuffle_epi32(hgfe, 0x1B);
	abef = _mm_alignr_epi8(cdab, hgfe, 8);
	cdgh = _mm_blend_epi16(hgfe, cdab, 0xF0);
	for (; count > 0; count--, data += SHA256_BLOCK_BYTES) {
		before_abef = abef;
		before_cdgh = cdgh;
#pragma GCC unroll 16
		for (unsigned i = 0; i < 16; i++) {
			/* Four words of the schedule: the block's own, then each from those 16, 15, 7 and 2 before it. */
			if (i < 4)
				message[i] = _mm_shuffle_epi8(load(data + i * 16), big_endian);
			else
				message[i % 4] = _mm_sha256msg2_epu32(
					_mm_add_epi32(_mm_sha256msg1_epu32(message[i % 4], message[(i + 1) % 4]),
						      _mm_alignr_epi8(message[(i + 3) % 4], message[(i + 2) % 4], 4)),
					message[(i + 3) % 4]);
			sum = _mm_add_epi32(message[i % 4], load(round_constants + i * 4));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
		}
		abef = _mm_add_epi32(abef, before_abef);
		cdgh = _mm_add_epi32(cdgh, before_cdgh);
	}
	cdab = _mm_shuffle_epi32(abef, 0x1B);
	hgfe = _mm_shuffle_epi32(cdgh, 0xB1);
	_mm_storeu_si128((__m128i *)words, _mm_blend_epi16(cdab, hgfe, 0xF0));
	_mm_storeu_si128((__m128i *)(words + 4), _mm_alignr_epi8(hgfe, cdab, 8));
}

#else

bool sha256_is_native(void)
{
	return false;
}

void sha256_blocks(uint32_t words[8], const unsigned char *data, size_t count)
{
	(void)words;
	(void)data;
	(void)count;
	assert(!"sha256_is_native() says no");
}

#endif
