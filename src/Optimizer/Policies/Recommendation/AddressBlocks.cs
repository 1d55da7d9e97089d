using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Addresses as few blocks.</summary>
internal static class AddressBlocks
{
    /// <summary>From here on the end is known, and joining step by step would only take longer.</summary>
    private const int ManyAddresses = 1024;

    /// <summary>
    /// Two neighbouring blocks become one where enough of its addresses were seen; when there are still too many blocks, those that open the least are joined,
    /// as far as the largest block allows. A block never holds an address of the cluster itself.
    /// </summary>
    /// <returns>In order; more than <see cref="RecommendationOptions.MaxBlocks"/> when the limits leave no other way.</returns>
    public static ImmutableArray<Cidr> Of(IEnumerable<IpValue> addresses, RecommendationOptions options, IReadOnlyList<IpValue> ownSorted)
    {
        var blocks = new SortedDictionary<(IpFamily Family, UInt128 First), (Cidr Block, double Seen)>();
        List<IpValue> all = [.. addresses.Distinct()];
        foreach (var address in all)
        {
            var largest = Cidr.Of(address, address.Family == IpFamily.V4 ? options.LargestBlockV4 : options.LargestBlockV6);
            var block = all.Count > ManyAddresses && !HoldsAny(largest, ownSorted) ? largest : Cidr.Of(address);
            blocks[(block.Family, block.First)] = (block, 1 + (blocks.TryGetValue((block.Family, block.First), out var known) ? known.Seen : 0));
        }

        while (Next(blocks, options, ownSorted) is { } joined)
        {
            var seen = 0.0;
            foreach (var inside in blocks.Values.Where(b => joined.Contains(b.Block)).ToList())
            {
                seen += inside.Seen;
                blocks.Remove((inside.Block.Family, inside.Block.First));
            }

            blocks.Add((joined.Family, joined.First), (joined, seen));
        }

        return [.. blocks.Values.Select(static b => b.Block)];
    }

    private static Cidr? Next(SortedDictionary<(IpFamily Family, UInt128 First), (Cidr Block, double Seen)> blocks, RecommendationOptions options, IReadOnlyList<IpValue> ownSorted)
    {
        Cidr? best = null;
        var fewestOpened = double.MaxValue;
        (Cidr Block, double Seen)? before = null;
        foreach (var block in blocks.Values)
        {
            if (before is { } previous && previous.Block.Family == block.Block.Family)
            {
                var joined = Covering(previous.Block, block.Block);
                var size = (double)(joined.Last - joined.First) + 1;
                var opened = size - previous.Seen - block.Seen;
                var isDense = opened <= (1 - options.SmallestShareSeen) * size;
                var isWithinLimit = joined.Prefix >= (joined.Family == IpFamily.V4 ? options.LargestBlockV4 : options.LargestBlockV6);
                if (isWithinLimit && opened < fewestOpened && (isDense || blocks.Count > options.MaxBlocks) && !HoldsAny(joined, ownSorted))
                {
                    (best, fewestOpened) = (joined, opened);
                }
            }

            before = block;
        }

        return best;
    }

    /// <summary>The smallest block that holds both.</summary>
    private static Cidr Covering(in Cidr first, in Cidr second)
    {
        var prefix = Math.Min(first.Prefix, second.Prefix);
        while (!Cidr.Of(new IpValue(first.Family, first.First), prefix).Contains(new IpValue(second.Family, second.Last)))
        {
            prefix--;
        }

        return Cidr.Of(new IpValue(first.Family, first.First), prefix);
    }

    private static bool HoldsAny(Cidr block, IReadOnlyList<IpValue> sorted)
    {
        var (low, high) = (0, sorted.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = (sorted[middle].Family, sorted[middle].Value).CompareTo((block.Family, block.First)) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low < sorted.Count && block.Contains(sorted[low]);
    }
}
