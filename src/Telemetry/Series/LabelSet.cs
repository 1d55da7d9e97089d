using System.Collections.Immutable;
using System.Text;

namespace NetPulse.Telemetry.Series;

/// <summary>One label of a series.</summary>
public readonly record struct Label(string Name, string Value);

/// <summary>The identity of a series: its labels sorted by name, the metric's name among them as <c>__name__</c>. Immutable; compared by content.</summary>
/// <remarks>An empty value is the same as an absent label, as in the Prometheus data model.</remarks>
public sealed class LabelSet : IEquatable<LabelSet>
{
    public const string MetricName = "__name__";

    public static readonly LabelSet Empty = new([]);

    private readonly int hash;

    private LabelSet(ImmutableArray<Label> labels)
    {
        Labels = labels;
        var code = new HashCode();
        foreach (var label in labels)
        {
            code.Add(label.Name, StringComparer.Ordinal);
            code.Add(label.Value, StringComparer.Ordinal);
            Characters += label.Name.Length + label.Value.Length;
        }

        hash = code.ToHashCode();
    }

    /// <summary>Sorted by name (ordinal), without empty values.</summary>
    public ImmutableArray<Label> Labels { get; }

    /// <summary>Length of all names and values together, in UTF-16 units.</summary>
    public int Characters { get; }

    /// <summary>The metric's name; empty when there is none.</summary>
    public string Name => this[MetricName];

    /// <summary>The label's value; empty when it is absent.</summary>
    public string this[string name]
    {
        get
        {
            foreach (var label in Labels)
            {
                if (string.Equals(label.Name, name, StringComparison.Ordinal))
                {
                    return label.Value;
                }
            }

            return "";
        }
    }

    /// <exception cref="ArgumentException">A label's name stands twice.</exception>
    public static LabelSet From(IEnumerable<Label> labels)
    {
        var sorted = labels.Where(label => label.Value.Length > 0)
            .OrderBy(label => label.Name, StringComparer.Ordinal)
            .ToImmutableArray();
        for (var i = 1; i < sorted.Length; i++)
        {
            if (string.Equals(sorted[i].Name, sorted[i - 1].Name, StringComparison.Ordinal))
            {
                throw new ArgumentException($"Label {sorted[i].Name} stands twice", nameof(labels));
            }
        }

        return new LabelSet(sorted);
    }

    public static LabelSet Of(string metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var all = new List<Label>(labels.Length + 1) { new(MetricName, metric) };
        foreach (var (name, value) in labels)
        {
            all.Add(new Label(name, value));
        }

        return From(all);
    }

    /// <summary>The same labels with one of them set, replaced or, by an empty value, removed.</summary>
    public LabelSet With(string name, string value) =>
        From(Labels.Where(label => !string.Equals(label.Name, name, StringComparison.Ordinal)).Append(new Label(name, value)));

    /// <summary>The same labels but the metric's name.</summary>
    public LabelSet WithoutName() => Filter(static (name, _) => name != MetricName, []);

    /// <summary>Only the labels of these names.</summary>
    public LabelSet Only(ImmutableArray<string> names) => names.IsEmpty ? Empty : Filter(static (name, named) => named.Contains(name), names);

    /// <summary>The same labels but those of these names.</summary>
    public LabelSet Without(ImmutableArray<string> names) => Filter(static (name, named) => !named.Contains(name), names);

    public bool Equals(LabelSet? other) =>
        ReferenceEquals(this, other) || (other is not null && hash == other.hash && Labels.AsSpan().SequenceEqual(other.Labels.AsSpan()));

    public override bool Equals(object? obj) => Equals(obj as LabelSet);

    public override int GetHashCode() => hash;

    private LabelSet Filter(Func<string, ImmutableArray<string>, bool> keeps, ImmutableArray<string> names)
    {
        var kept = ImmutableArray.CreateBuilder<Label>(Labels.Length);
        foreach (var label in Labels)
        {
            if (keeps(label.Name, names))
            {
                kept.Add(label);
            }
        }

        return kept.Count == Labels.Length ? this : kept.Count == 0 ? Empty : new LabelSet(kept.DrainToImmutable());
    }

    /// <summary>As PromQL writes it: <c>name{label="value"}</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Name).Append('{');
        foreach (var label in Labels)
        {
            if (label.Name != MetricName)
            {
                text.Append(text[^1] == '{' ? "" : ",").Append(label.Name).Append("=\"").Append(label.Value).Append('"');
            }
        }

        return text.Append('}').ToString();
    }
}
