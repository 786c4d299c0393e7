# SPDX-License-Identifier: Apache-2.0
"""Known values of permutations: docs/semantics.md in whole numbers of Python. Prints what points/permutation.cpp has.

    python permutation.py
"""

FACTOR = 0xD2B74407B1CE6E93
STEP = 0x9E3779B97F4A7C15
WORD = 2**64


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return z ^ (z >> 31)


def permutation(size, seed, number):
    bits = max(8, (size - 1).bit_length())
    left = bits // 2
    right = bits - left
    start = mix(mix((seed + STEP) % WORD) ^ (number % WORD))
    keys = [mix((start + (i + 1) * STEP) % WORD) >> 32 for i in range(24)]

    def encipher(x):
        a, b = divmod(x, 2**right)
        for key in keys:
            high, low = divmod(FACTOR * a % WORD, 2**32)
            a, b = (high ^ key ^ b) % 2**left, ((low << (right - left)) | (b >> left)) % 2**right
        return a << right | b

    def at(i):
        x = encipher(i)
        while x >= size:
            x = encipher(x)
        return x

    return at


CASES = [
    (1, 0, 0),
    (2, 0, 0),
    (3, 1, 0),
    (5, 1, 1),
    (10, 42, 7),
    (255, 42, 0),
    (256, 42, 0),
    (257, 42, 0),
    (1000, 2**64 - 1, -1),
    (65536, 123456789, 3),
    (1000003, 5, 2**40),
    (2**32 + 15, 6, 1),
    (2**53 + 1, 7, 2),
    (2**63 - 1, 8, 3),
]

if __name__ == "__main__":
    for size, seed, number in CASES:
        at = permutation(size, seed, number)
        places = [at(min(i, size - 1)) for i in (0, 1, 2, size // 2, size - 1)]
        print(f"{{{size}, {seed}u, {number}, {{{', '.join(map(str, places))}}}}},")
