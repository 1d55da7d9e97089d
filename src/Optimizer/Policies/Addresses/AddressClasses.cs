using NetPulse.Optimizer.Policies.Bits;

namespace NetPulse.Optimizer.Policies.Addresses;

/// <summary>All addresses, cut wherever a block of any policy begins or ends: no policy tells the addresses of one class apart.</summary>
public sealed class AddressClasses
{
    private readonly CutLine<UInt128> v4;
    private readonly CutLine<UInt128> v6;

    /// <param name="allV4">The class of all IPv4 addresses.</param>
    /// <param name="allV6">The class of all IPv6 addresses.</param>
    public AddressClasses(int allV4, int allV6)
        : this(new CutLine<UInt128>(uint.MaxValue, allV4), new CutLine<UInt128>(UInt128.MaxValue, allV6))
    {
    }

    private AddressClasses(CutLine<UInt128> v4, CutLine<UInt128> v6) => (this.v4, this.v6) = (v4, v6);

    /// <summary>Every class with its range, both ends inclusive; IPv4 first, ascending.</summary>
    public IEnumerable<(int Class, IpValue First, IpValue Last)> Ranges =>
        v4.Intervals.Select(static i => (i.Class, new IpValue(IpFamily.V4, i.First), new IpValue(IpFamily.V4, i.Last)))
            .Concat(v6.Intervals.Select(static i => (i.Class, new IpValue(IpFamily.V6, i.First), new IpValue(IpFamily.V6, i.Last))));

    public int ClassOf(IpValue address) => Line(address.Family).ClassAt(address.Value);

    /// <summary>The range of the class that an address is in, both ends inclusive.</summary>
    public (IpValue First, IpValue Last) RangeAt(IpValue address)
    {
        var (first, last) = Line(address.Family).IntervalAt(address.Value);
        return (new IpValue(address.Family, first), new IpValue(address.Family, last));
    }

    /// <summary>The classes inside a block that was cut out.</summary>
    public BitSet ClassesOf(in Cidr block)
    {
        var classes = new BitSet(0);
        Line(block.Family).AddTo(classes, block.First, block.Last);
        return classes;
    }

    /// <param name="next">Gives a new class.</param>
    /// <param name="cut">Takes each new class and the one that it is cut from.</param>
    internal AddressClasses Cut(IReadOnlyCollection<Cidr> blocks, Func<int> next, Action<int, int> cut)
    {
        var (newV4, newV6) = (v4.CutBefore(Ends(IpFamily.V4), next, cut), v6.CutBefore(Ends(IpFamily.V6), next, cut));
        return ReferenceEquals(v4, newV4) && ReferenceEquals(v6, newV6) ? this : new AddressClasses(newV4, newV6);

        IEnumerable<UInt128> Ends(IpFamily family) => blocks.Where(b => b.Family == family).SelectMany(static b => b.Last == UInt128.MaxValue ? [b.First] : new[] { b.First, b.Last + 1 });
    }

    private CutLine<UInt128> Line(IpFamily family) => family == IpFamily.V4 ? v4 : v6;
}
