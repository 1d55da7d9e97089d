using NetPulse.Optimizer.Policies.Bits;

namespace NetPulse.Optimizer.Policies.Addresses;

/// <summary>All addresses, cut wherever a block of any policy begins or ends: no policy tells the addresses of one class apart.</summary>
/// <remarks>Classes on both sides of a block, and in no other, are one cell: pods are told apart by cells, so that a block moves only the pods inside of it.</remarks>
public sealed class AddressClasses
{
    private readonly CutLine<UInt128> v4;
    private readonly CutLine<UInt128> v6;
    private readonly AddressCells cells;

    /// <param name="allV4">The class of all IPv4 addresses.</param>
    /// <param name="allV6">The class of all IPv6 addresses.</param>
    public AddressClasses(int allV4, int allV6)
        : this(new CutLine<UInt128>(uint.MaxValue, allV4), new CutLine<UInt128>(UInt128.MaxValue, allV6), AddressCells.OfEach(allV4, allV6))
    {
    }

    private AddressClasses(CutLine<UInt128> v4, CutLine<UInt128> v6, AddressCells cells) => (this.v4, this.v6, this.cells) = (v4, v6, cells);

    /// <summary>Every class with its range, both ends inclusive; IPv4 first, ascending.</summary>
    public IEnumerable<(int Class, IpValue First, IpValue Last)> Ranges =>
        v4.Intervals.Select(static i => (i.Class, new IpValue(IpFamily.V4, i.First), new IpValue(IpFamily.V4, i.Last)))
            .Concat(v6.Intervals.Select(static i => (i.Class, new IpValue(IpFamily.V6, i.First), new IpValue(IpFamily.V6, i.Last))));

    public int ClassOf(IpValue address) => Line(address.Family).ClassAt(address.Value);

    /// <summary>The cell of an address: addresses of one cell are in the same blocks.</summary>
    public int CellOf(IpValue address) => cells.Of(ClassOf(address));

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

    /// <summary>Cuts at the ends of blocks. What is cut off stays in its cell.</summary>
    /// <param name="next">Gives a new class.</param>
    /// <param name="cut">Takes each new class and the one that it is cut from.</param>
    internal AddressClasses Cut(IReadOnlyCollection<Cidr> blocks, Func<int> next, Action<int, int> cut)
    {
        var grown = cells.ToBuilder();
        var (newV4, newV6) = (v4.CutBefore(Ends(IpFamily.V4), next, Take), v6.CutBefore(Ends(IpFamily.V6), next, Take));
        return ReferenceEquals(v4, newV4) && ReferenceEquals(v6, newV6) ? this : new AddressClasses(newV4, newV6, grown.ToCells());

        IEnumerable<UInt128> Ends(IpFamily family) => blocks.Where(b => b.Family == family).SelectMany(static b => b.Last == UInt128.MaxValue ? [b.First] : new[] { b.First, b.Last + 1 });

        void Take(int from, int added)
        {
            grown.Add(added, from);
            cut(from, added);
        }
    }

    /// <summary>Tells what is inside of blocks that were cut out from what is outside, cell by cell.</summary>
    /// <param name="isMost">Whether most pods are in a block: then it is the others that get a cell of their own.</param>
    /// <param name="moved">Takes each range that is in another cell than before.</param>
    internal AddressClasses Split(IReadOnlyCollection<Cidr> blocks, Func<Cidr, bool> isMost, Action<IpValue, IpValue> moved)
    {
        var split = cells.ToBuilder();
        foreach (var block in blocks)
        {
            var inside = Line(block.Family).IntervalsIn(block.First, block.Last).ToLookup(i => split.Of(i.Class));
            foreach (var cell in inside.Where(c => c.Count() < split.SizeOf(c.Key)).ToList())
            {
                var moving = isMost(block)
                    ? [.. Line(block.Family).Intervals.Where(i => split.Of(i.Class) == cell.Key && (i.First < block.First || i.First > block.Last))]
                    : cell.ToList();
                split.Split(cell.Key, [.. moving.Select(static i => i.Class)]);
                moving.ForEach(i => moved(new IpValue(block.Family, i.First), new IpValue(block.Family, i.Last)));
            }
        }

        return split.ToCells() is var result && ReferenceEquals(result, cells) ? this : new AddressClasses(v4, v6, result);
    }

    private CutLine<UInt128> Line(IpFamily family) => family == IpFamily.V4 ? v4 : v6;
}
