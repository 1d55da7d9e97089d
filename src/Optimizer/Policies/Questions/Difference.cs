using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>What becomes possible and what ceases to be between two groups.</summary>
public sealed record ConnectivityChange(PartyGroup From, PartyGroup To, ImmutableArray<PortRange> Added, ImmutableArray<PortRange> Removed);

/// <summary>How two states of a cluster differ in who may talk to whom.</summary>
/// <param name="NewPods">Only in the new state, as <c>namespace/name</c>: nothing is compared for them.</param>
/// <param name="GonePods">Only in the old state.</param>
public sealed record Difference(ImmutableArray<ConnectivityChange> Changes, ImmutableArray<string> NewPods, ImmutableArray<string> GonePods)
{
    public static Difference Between(PolicyEngine old, PolicyEngine @new)
    {
        var groups = PodGroups(old, @new).Concat(AddressGroups(old, @new)).ToList();
        var changes = new Dictionary<(int From, int To), (List<PortRange> Added, List<PortRange> Removed)>();
        var (oldPeers, newPeers) = (new AllowedPeers(old), new AllowedPeers(@new));
        ConnectivitySlice? before = null;
        ConnectivitySlice? after = null;
        foreach (var ports in PortsOf(old, @new))
        {
            before = Slice(old, oldPeers, ports, before);
            after = Slice(@new, newPeers, ports, after);
            for (var from = 0; from < groups.Count; from++)
            {
                var (was, @is) = (before.From[groups[from].Old], after.From[groups[from].New]);
                for (var to = 0; to < groups.Count; to++)
                {
                    var (could, can) = (was.Contains(groups[to].Old), @is.Contains(groups[to].New));

                    // A pod that is alone in its group always reaches itself.
                    if (could == can || (from == to && groups[from].Group.Pods.Length == 1))
                    {
                        continue;
                    }

                    if (!changes.TryGetValue((from, to), out var change))
                    {
                        changes[(from, to)] = change = ([], []);
                    }

                    (can ? change.Added : change.Removed).Add(ports);
                }
            }
        }

        return new Difference(
            [.. changes.OrderBy(static c => c.Key).Select(c => new ConnectivityChange(groups[c.Key.From].Group, groups[c.Key.To].Group, [.. c.Value.Added], [.. c.Value.Removed]))],
            [.. Managed(@new).Except(Managed(old), StringComparer.Ordinal)],
            [.. Managed(old).Except(Managed(@new), StringComparer.Ordinal)]);
    }

    private static IEnumerable<(PartyGroup Group, int Old, int New)> PodGroups(PolicyEngine old, PolicyEngine @new) =>
        from party in old.Parties
        where party.ManagedPod is not null
        let same = @new.PodNamed(party.Name)
        where same?.ManagedPod is not null
        group party.Name by (Old: old.ClassOf(party), New: @new.ClassOf(same)) into pods
        select (new PartyGroup([.. pods], null), pods.Key.Old, pods.Key.New);

    /// <summary>All addresses, cut wherever either side cuts them.</summary>
    private static IEnumerable<(PartyGroup Group, int Old, int New)> AddressGroups(PolicyEngine old, PolicyEngine @new)
    {
        var firsts = Firsts(old.Addresses).Concat(Firsts(@new.Addresses)).Distinct().OrderBy(static a => a.Family).ThenBy(static a => a.Value);
        foreach (var first in firsts)
        {
            var (inOld, inNew) = (old.Addresses.ClassOf(first), @new.Addresses.ClassOf(first));
            var (oldLast, newLast) = (old.Addresses.RangeAt(first).Last, @new.Addresses.RangeAt(first).Last);
            yield return (new PartyGroup([], (first, oldLast.Value < newLast.Value ? oldLast : newLast)), inOld, inNew);
        }
    }

    private static IEnumerable<IpValue> Firsts(AddressClasses addresses) => addresses.Ranges.Select(static r => r.First);

    private static IEnumerable<PortRange> PortsOf(PolicyEngine old, PolicyEngine @new)
    {
        var firsts = new[] { old, @new }.SelectMany(static engine => Enumerable.Range(0, engine.Ports.Count).Select(c => engine.Ports.RangeOf(c)))
            .Select(static r => (r.Protocol, r.First)).Distinct().Order();
        foreach (var (protocol, first) in firsts)
        {
            var last = Math.Min(old.Ports.RangeOf(old.Ports.ClassOf(protocol, first)).Last, @new.Ports.RangeOf(@new.Ports.ClassOf(protocol, first)).Last);
            yield return new PortRange(protocol, first, last);
        }
    }

    /// <summary>The slice that holds these ports: often the one that held those before.</summary>
    private static ConnectivitySlice Slice(PolicyEngine engine, AllowedPeers peers, PortRange ports, ConnectivitySlice? last) =>
        last is not null && last.Ports.Protocol == ports.Protocol && last.Ports.Last >= ports.First
            ? last
            : ConnectivityTable.Slice(engine, peers, engine.Ports.ClassOf(ports.Protocol, ports.First));

    private static IEnumerable<string> Managed(PolicyEngine engine) => engine.Parties.Where(static p => p.ManagedPod is not null).Select(static p => p.Name);
}
