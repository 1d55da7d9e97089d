using System.Text;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Pods that no policy tells apart: same namespace, same values of the labels that selectors ask for, same named ports, addresses in the same blocks.</summary>
public sealed class PodClasses
{
    private readonly Dictionary<string, int> byKey = new(StringComparer.Ordinal);
    private readonly List<PodClass> classes = [];
    private readonly Dictionary<Party, int> byPod = new(ReferenceEqualityComparer.Instance);

    /// <param name="pods">Those that policies apply to.</param>
    /// <param name="labelKeys">Every key that some pod selector asks for.</param>
    /// <param name="portNames">Every named port of some rule.</param>
    public PodClasses(IEnumerable<Party> pods, IReadOnlyCollection<string> labelKeys, IReadOnlySet<string> portNames, AddressClasses addresses)
    {
        var keys = labelKeys.Order(StringComparer.Ordinal).ToArray();
        var key = new StringBuilder();
        foreach (var party in pods)
        {
            var pod = party.ManagedPod!;
            int? v4 = party.V4 is { } four ? addresses.ClassOf(four) : null;
            int? v6 = party.V6 is { } six ? addresses.ClassOf(six) : null;
            var ports = NamedPorts.Of(pod).Where(p => portNames.Contains(p.Name)).Distinct().Order(Comparer<(string Name, PortRange Port)>.Create(static (a, b) => Compare(a, b))).ToList();
            key.Clear().Append(pod.Metadata.Namespace).Append('\n').Append(v4).Append('\n').Append(v6).Append('\n').Append((int)party.Primary).Append('\n');
            foreach (var label in keys)
            {
                // An absent label and an empty one are not the same.
                _ = pod.Metadata.Labels.TryGetValue(label, out var value) ? key.Append('=').Append(value) : key;
                key.Append('\n');
            }

            key.AppendJoin('\n', ports);
            if (!byKey.TryGetValue(key.ToString(), out var index))
            {
                index = classes.Count;
                byKey.Add(key.ToString(), index);
                var labels = keys.Where(pod.Metadata.Labels.ContainsKey).ToDictionary(static k => k, k => pod.Metadata.Labels[k], StringComparer.Ordinal);
                classes.Add(new PodClass(pod.Metadata.Namespace, labels, ports, v4, v6, party.Primary, []));
            }

            classes[index].Members.Add(party);
            byPod[party] = index;
        }
    }

    public int Count => classes.Count;

    public PodClass this[int index] => classes[index];

    public int ClassOf(Party pod) => byPod[pod];

    private static int Compare((string Name, PortRange Port) a, (string Name, PortRange Port) b)
    {
        var byName = string.CompareOrdinal(a.Name, b.Name);
        return byName != 0 ? byName : (a.Port.Protocol, a.Port.First).CompareTo((b.Port.Protocol, b.Port.First));
    }
}

/// <param name="Labels">Only those that some selector asks for.</param>
/// <param name="NamedPorts">Only those that some rule names.</param>
/// <param name="V4">The class of its IPv4 addresses; null without one.</param>
/// <param name="V6">The class of its IPv6 addresses; null without one.</param>
public sealed record PodClass(
    string Namespace,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<(string Name, PortRange Port)> NamedPorts,
    int? V4,
    int? V6,
    IpFamily Primary,
    List<Party> Members)
{
    public bool IsDualStack => V4 is not null && V6 is not null;
}
