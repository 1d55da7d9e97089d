using System.Numerics;

namespace NetPulse.Optimizer.Policies.Bits;

/// <summary>A set of small numbers. It grows with the numbers that are added; what lies beyond its end is not in it.</summary>
/// <param name="count">Numbers below this are added without growing.</param>
public sealed class BitSet(int count)
{
    private ulong[] words = new ulong[(count + 63) / 64];

    public bool IsEmpty => !words.AsSpan().ContainsAnyExcept(0UL);

    public bool Contains(int index) => index >> 6 < words.Length && (words[index >> 6] >> (index & 63) & 1) != 0;

    public void Add(int index)
    {
        if (index >> 6 >= words.Length)
        {
            Array.Resize(ref words, (index >> 6) + 1);
        }

        words[index >> 6] |= 1UL << (index & 63);
    }

    public void Remove(int index)
    {
        if (index >> 6 < words.Length)
        {
            words[index >> 6] &= ~(1UL << (index & 63));
        }
    }

    public static BitSet All(int count)
    {
        var all = new BitSet(count);
        all.words.AsSpan().Fill(ulong.MaxValue);
        if ((count & 63) != 0)
        {
            all.words[^1] = (1UL << (count & 63)) - 1;
        }

        return all;
    }

    public BitSet Copy()
    {
        var copy = new BitSet(0);
        copy.words = [.. words];
        return copy;
    }

    public BitSet Or(BitSet other)
    {
        if (other.words.Length > words.Length)
        {
            Array.Resize(ref words, other.words.Length);
        }

        var own = words.AsSpan();
        var added = other.words.AsSpan();
        for (var i = 0; i < added.Length; i++)
        {
            own[i] |= added[i];
        }

        return this;
    }

    public BitSet And(BitSet other)
    {
        var shared = Math.Min(words.Length, other.words.Length);
        for (var i = 0; i < shared; i++)
        {
            words[i] &= other.words[i];
        }

        words.AsSpan(shared).Clear();
        return this;
    }

    public BitSet AndNot(BitSet other)
    {
        var shared = Math.Min(words.Length, other.words.Length);
        for (var i = 0; i < shared; i++)
        {
            words[i] &= ~other.words[i];
        }

        return this;
    }

    public bool Overlaps(BitSet other)
    {
        var shared = Math.Min(words.Length, other.words.Length);
        var i = 0;
        for (; i <= shared - Vector<ulong>.Count; i += Vector<ulong>.Count)
        {
            if ((new Vector<ulong>(words, i) & new Vector<ulong>(other.words, i)) != Vector<ulong>.Zero)
            {
                return true;
            }
        }

        for (; i < shared; i++)
        {
            if ((words[i] & other.words[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether both agree on every number of <paramref name="among"/>.</summary>
    public bool EqualsAmong(BitSet other, BitSet among)
    {
        for (var i = 0; i < among.words.Length; i++)
        {
            if (((Word(i) ^ other.Word(i)) & among.words[i]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    public int Size()
    {
        var size = 0;
        foreach (var word in words)
        {
            size += BitOperations.PopCount(word);
        }

        return size;
    }

    /// <summary>The numbers in the set, ascending.</summary>
    public IEnumerable<int> Members()
    {
        for (var i = 0; i < words.Length; i++)
        {
            for (var word = words[i]; word != 0; word &= word - 1)
            {
                yield return (i << 6) + BitOperations.TrailingZeroCount(word);
            }
        }
    }

    /// <summary>Turns rows into columns: bit <c>c</c> of row <c>r</c> becomes bit <c>r</c> of row <c>c</c>.</summary>
    public static BitSet[] Transpose(BitSet[] rows, int columns)
    {
        var result = new BitSet[columns];
        for (var c = 0; c < columns; c++)
        {
            result[c] = new BitSet(rows.Length);
        }

        Span<ulong> block = stackalloc ulong[64];
        for (var top = 0; top < rows.Length; top += 64)
        {
            for (var left = 0; left < columns; left += 64)
            {
                var any = 0UL;
                for (var i = 0; i < 64; i++)
                {
                    block[i] = top + i < rows.Length ? rows[top + i].Word(left >> 6) : 0;
                    any |= block[i];
                }

                if (any == 0)
                {
                    continue;
                }

                TransposeBlock(block);
                for (var i = 0; i < 64 && left + i < columns; i++)
                {
                    result[left + i].words[top >> 6] = block[i];
                }
            }
        }

        return result;
    }

    private ulong Word(int index) => index < words.Length ? words[index] : 0;

    // Swaps ever smaller quadrants: 32 by 32, 16 by 16, … 1 by 1.
    private static void TransposeBlock(Span<ulong> block)
    {
        var mask = 0x00000000FFFFFFFFUL;
        for (var size = 32; size != 0; size >>= 1, mask ^= mask << size)
        {
            for (var i = 0; i < 64; i = ((i | size) + 1) & ~size)
            {
                var swapped = ((block[i] >> size) ^ block[i | size]) & mask;
                block[i] ^= swapped << size;
                block[i | size] ^= swapped;
            }
        }
    }
}
