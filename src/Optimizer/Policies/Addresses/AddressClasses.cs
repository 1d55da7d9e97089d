using NetPulse.Optimizer.Policies.Bits;

namespace NetPulse.Optimizer.Policies.Addresses;

/// <summary>All addresses, cut wherever a block of any policy begins or ends: no policy tells the addresses of one class apart.</summary>
public sealed class AddressClasses
{
    // The first address of each class, ascending, by family. The classes of IPv6 are numbered after those of IPv4.
    private readonly UInt128[][] starts;

    public AddressClasses(IEnumerable<Cidr> blocks)
    {
        var cuts = new[] { new SortedSet<UInt128> { 0 }, new SortedSet<UInt128> { 0 } };
        foreach (var block in blocks)
        {
            var family = cuts[(int)block.Family];
            family.Add(block.First);
            if (block.Last < Highest(block.Family))
            {
                family.Add(block.Last + 1);
            }
        }

        starts = [[.. cuts[0]], [.. cuts[1]]];
    }

    public int Count => starts[0].Length + starts[1].Length;

    public int ClassOf(IpValue address)
    {
        var found = Array.BinarySearch(starts[(int)address.Family], address.Value);
        return (found >= 0 ? found : ~found - 1) + (address.Family == IpFamily.V6 ? starts[0].Length : 0);
    }

    /// <summary>The range of one class, both ends inclusive.</summary>
    public (IpValue First, IpValue Last) RangeOf(int addressClass)
    {
        var family = addressClass < starts[0].Length ? IpFamily.V4 : IpFamily.V6;
        var index = addressClass - (family == IpFamily.V6 ? starts[0].Length : 0);
        var own = starts[(int)family];
        return (new IpValue(family, own[index]), new IpValue(family, index + 1 < own.Length ? own[index + 1] - 1 : Highest(family)));
    }

    /// <summary>The classes inside a block from which this was made.</summary>
    public BitSet ClassesOf(in Cidr block)
    {
        var classes = new BitSet(Count);
        for (var i = ClassOf(new IpValue(block.Family, block.First)); i <= ClassOf(new IpValue(block.Family, block.Last)); i++)
        {
            classes.Add(i);
        }

        return classes;
    }

    private static UInt128 Highest(IpFamily family) => family == IpFamily.V4 ? uint.MaxValue : UInt128.MaxValue;
}
