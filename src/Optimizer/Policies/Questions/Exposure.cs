using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>One group that a pod may talk to, or that may talk to it.</summary>
/// <param name="Why">The verdict on the first port, with one of the group.</param>
public sealed record ExposedTo(PartyGroup Group, ImmutableArray<PortRange> Ports, Verdict Why);

/// <summary>What a pod that is not there yet could reach, and by whom it could be reached.</summary>
/// <param name="IsolatedBy">The network policies that would isolate it, by direction.</param>
public sealed record Exposure(
    Pod Pod, ImmutableDictionary<Direction, ImmutableArray<PolicyReference>> IsolatedBy, ImmutableArray<ExposedTo> Reaches, ImmutableArray<ExposedTo> ReachedBy)
{
    /// <param name="pod">Without an address it is in no block of any rule.</param>
    public static Exposure Of(PolicyEngine engine, Pod pod)
    {
        var then = engine.With(PolicyChange.Set(pod));
        var party = then.PodNamed($"{pod.Metadata.Namespace}/{pod.Metadata.Name}")!;
        return new Exposure(
            pod,
            Enum.GetValues<Direction>().ToImmutableDictionary(static d => d, d => then.PoliciesOf(then.ClassOf(party), d).Isolating.Select(static p => p.Model.Reference).ToImmutableArray()),
            Side(then, party, Direction.Egress),
            Side(then, party, Direction.Ingress));
    }

    /// <summary>A pod of every set of labels that could make a difference in a namespace: none, what each selector asks for, what each pod there carries.</summary>
    public static IEnumerable<Pod> Conceivable(PolicyEngine engine, string @namespace)
    {
        var selectors = engine.Policies.SelectMany(static p => p.Model.Rules.SelectMany(static r => r.Peers).OfType<PeerModel.Pods>().Select(static s => s.Selection).Prepend(p.Model.Subject))
            .Where(s => s.OwnNamespace is null || s.OwnNamespace == @namespace).Select(static s => Satisfying(s.Pods));
        var carried = engine.Parties.Where(p => p.ManagedPod?.Metadata.Namespace == @namespace).Select(static p => p.ManagedPod!.Metadata.Labels);
        return selectors.Concat(carried).Prepend(new Dictionary<string, string>(StringComparer.Ordinal))
            .DistinctBy(static labels => string.Join('\n', labels.OrderBy(static l => l.Key, StringComparer.Ordinal).Select(static l => $"{l.Key}={l.Value}")), StringComparer.Ordinal)
            .Select(labels => Named(@namespace, labels));
    }

    /// <summary>The pod of a question.</summary>
    public static Pod Named(string @namespace, IReadOnlyDictionary<string, string> labels) =>
        new() { Metadata = new ObjectMeta { Name = "a-new-pod", Namespace = @namespace, Labels = labels } };

    private static IReadOnlyDictionary<string, string> Satisfying(LabelSelector selector)
    {
        var labels = new Dictionary<string, string>(selector.MatchLabels, StringComparer.Ordinal);
        foreach (var requirement in selector.MatchExpressions)
        {
            if (requirement.Operator == LabelSelectorRequirement.In && requirement.Values.Count > 0)
            {
                labels.TryAdd(requirement.Key, requirement.Values[0]);
            }
            else if (requirement.Operator == LabelSelectorRequirement.Exists)
            {
                labels.TryAdd(requirement.Key, "x");
            }
        }

        return labels;
    }

    private static ImmutableArray<ExposedTo> Side(PolicyEngine engine, Party pod, Direction direction)
    {
        var (peers, own) = (new AllowedPeers(engine), engine.ClassOf(pod));
        var other = direction == Direction.Egress ? Direction.Ingress : Direction.Egress;
        var found = new SortedDictionary<int, List<PortRange>>();
        for (var port = 0; port < engine.Ports.Count; port++)
        {
            foreach (var c in peers.Of(own, direction, port).Members())
            {
                var isItself = c == own && engine.PodClass(own)!.Members.Count == 1;
                if (isItself || (engine.PodClass(c) is not null && !peers.Of(c, other, port).Contains(own)))
                {
                    continue;
                }

                if (!found.TryGetValue(c, out var ports))
                {
                    ports = [];
                    found.Add(c, ports);
                }

                ports.Add(engine.Ports.RangeOf(port));
            }
        }

        var ranges = engine.Addresses.Ranges.ToDictionary(static r => r.Class, static r => (r.First, r.Last));
        return [.. found.Select(f => Named(f.Key, [.. f.Value]))];

        ExposedTo Named(int c, ImmutableArray<PortRange> ports)
        {
            var members = engine.PodClass(c)?.Members.Remove(pod.Name);
            var example = members is null ? Party.Of(ranges[c].First) : engine.PodNamed(members[0])!;
            var (from, to) = direction == Direction.Egress ? (pod, example) : (example, pod);
            return new ExposedTo(
                members is null ? new PartyGroup([], ranges[c]) : new PartyGroup([.. members], null),
                ports,
                engine.Ask(from, to, ports[0].Protocol, ports[0].First));
        }
    }
}
