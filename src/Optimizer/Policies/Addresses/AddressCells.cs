using System.Collections.Immutable;

namespace NetPulse.Optimizer.Policies.Addresses;

/// <summary>Which address classes are in the same blocks.</summary>
internal sealed class AddressCells
{
    private readonly ImmutableDictionary<int, int> cells;
    private readonly ImmutableList<(int Example, int Size)> known;

    private AddressCells(ImmutableDictionary<int, int> cells, ImmutableList<(int Example, int Size)> known) => (this.cells, this.known) = (cells, known);

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

    public int ExampleOf(int cell) => known[cell].Example;

    public Builder ToBuilder() => new(this);

    internal sealed class Builder(AddressCells from)
    {
        private readonly ImmutableDictionary<int, int>.Builder cells = from.cells.ToBuilder();
        private readonly ImmutableList<(int Example, int Size)>.Builder known = from.known.ToBuilder();
        private bool isChanged;

        public int Of(int addressClass) => cells[addressClass];

        /// <summary>Classes in a cell.</summary>
        public int SizeOf(int cell) => known[cell].Size;

        public void AddCell(int addressClass)
        {
            cells.Add(addressClass, known.Count);
            known.Add((addressClass, 1));
            isChanged = true;
        }

        /// <summary>A class that is in the cell of another.</summary>
        public void Add(int addressClass, int like)
        {
            var cell = cells[like];
            cells.Add(addressClass, cell);
            known[cell] = known[cell] with { Size = known[cell].Size + 1 };
            isChanged = true;
        }

        /// <param name="moving">Some of its classes, not all: they become a cell of their own.</param>
        public void Split(int cell, IReadOnlyCollection<int> moving)
        {
            foreach (var c in moving)
            {
                cells[c] = known.Count;
            }

            known.Add((moving.First(), moving.Count));
            var (example, size) = known[cell];
            known[cell] = (cells[example] == cell ? example : cells.First(c => c.Value == cell).Key, size - moving.Count);
            isChanged = true;
        }

        public AddressCells ToCells() => isChanged ? new AddressCells(cells.ToImmutable(), known.ToImmutable()) : from;
    }
}
