using System.Collections.Immutable;

namespace NetPulse.Optimizer.Policies.Addresses;

/// <summary>Which address classes are in the same blocks.</summary>
internal sealed class AddressCells
{
    private readonly ImmutableDictionary<int, int> cells;
    // Classes in each cell.
    private readonly ImmutableList<int> sizes;

    private AddressCells(ImmutableDictionary<int, int> cells, ImmutableList<int> sizes) => (this.cells, this.sizes) = (cells, sizes);

    /// <summary>Each of some classes is a cell.</summary>
    public static AddressCells OfEach(params ReadOnlySpan<int> classes)
    {
        var builder = new AddressCells(ImmutableDictionary<int, int>.Empty, []).ToBuilder();
        foreach (var c in classes)
        {
            builder.AddCell(c);
        }

        return builder.ToCells();
    }

    public int Of(int addressClass) => cells[addressClass];

    public Builder ToBuilder() => new(this);

    internal sealed class Builder(AddressCells from)
    {
        private readonly ImmutableDictionary<int, int>.Builder cells = from.cells.ToBuilder();
        private readonly ImmutableList<int>.Builder sizes = from.sizes.ToBuilder();
        private bool isChanged;

        public int Of(int addressClass) => cells[addressClass];

        /// <summary>Classes in a cell.</summary>
        public int SizeOf(int cell) => sizes[cell];

        public void AddCell(int addressClass)
        {
            cells.Add(addressClass, sizes.Count);
            sizes.Add(1);
            isChanged = true;
        }

        /// <summary>A class that is in the cell of another.</summary>
        public void Add(int addressClass, int like)
        {
            var cell = cells[like];
            cells.Add(addressClass, cell);
            sizes[cell]++;
            isChanged = true;
        }

        /// <param name="moving">Some of its classes, not all: they become a cell of their own.</param>
        public void Split(int cell, IReadOnlyCollection<int> moving)
        {
            foreach (var c in moving)
            {
                cells[c] = sizes.Count;
            }

            sizes.Add(moving.Count);
            sizes[cell] -= moving.Count;
            isChanged = true;
        }

        public AddressCells ToCells() => isChanged ? new AddressCells(cells.ToImmutable(), sizes.ToImmutable()) : from;
    }
}
