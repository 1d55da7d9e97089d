using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>In what the pods of one class may differ, because no policy asks for it: news about anything else cannot divide them.</summary>
/// <param name="Presence">Label keys that some have and some have not.</param>
/// <param name="Values">Label keys under which not all have the same, or some have nothing.</param>
/// <param name="Ports">Names of ports that are not the same for all.</param>
internal sealed record ClassDiversity(ImmutableHashSet<string> Presence, ImmutableHashSet<string> Values, ImmutableHashSet<string> Ports)
{
    private static readonly ImmutableHashSet<string> NoNames = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    public static readonly ClassDiversity None = new(NoNames, NoNames, NoNames);

    /// <summary>With one pod more.</summary>
    /// <param name="known">Any pod of the class.</param>
    public ClassDiversity With(PodPlace known, PodPlace added)
    {
        var (own, other) = (known.Pod.Metadata.Labels, added.Pod.Metadata.Labels);
        var grown = this;
        foreach (var (key, value) in other)
        {
            if (!own.TryGetValue(key, out var same))
            {
                grown = grown.WithAbsent(key);
            }
            else if (same != value)
            {
                grown = grown with { Values = grown.Values.Add(key) };
            }
        }

        foreach (var key in own.Keys)
        {
            if (!other.ContainsKey(key))
            {
                grown = grown.WithAbsent(key);
            }
        }

        return grown.WithPorts(NamedPorts.Of(known.Pod), NamedPorts.Of(added.Pod));
    }

    private ClassDiversity WithAbsent(string key) => this with { Presence = Presence.Add(key), Values = Values.Add(key) };

    private ClassDiversity WithPorts(IReadOnlyList<(string Name, PortRange Port)> own, IReadOnlyList<(string Name, PortRange Port)> other) =>
        own.SequenceEqual(other) ? this : this with { Ports = Ports.Union(own.Except(other).Concat(other.Except(own)).Select(static p => p.Name)) };
}
