using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>Which flows of a window a rule let through, or denied.</summary>
/// <param name="Rule">Active ones only.</param>
/// <param name="Flows">Connections or datagrams, as the flows count.</param>
/// <param name="LastUsed">Null: never within the window.</param>
public sealed record RuleHits(RuleReference Rule, long Flows, DateTimeOffset? LastUsed);

/// <summary>How much of a window the flows cover.</summary>
/// <param name="Asked">How long the window is that was asked for; null: as long as the flows go back.</param>
/// <param name="From">The first flow within it.</param>
/// <param name="To">The last flow, where the window ends.</param>
/// <param name="EmptyHours">Hours between the two in which no flow was seen: the observer may have been away.</param>
/// <param name="PodsSeen">Pods that policies apply to of which some flow was seen.</param>
/// <param name="Pods">All of those.</param>
/// <param name="Unresolved">Flows of pods that are not there, or of protocols that policies cannot state.</param>
public sealed record ObservedWindow(TimeSpan? Asked, DateTimeOffset From, DateTimeOffset To, long Flows, int EmptyHours, int PodsSeen, int Pods, long Unresolved)
{
    public TimeSpan Length => To - From;

    /// <summary>0 to 1: how much of what was asked for has flows; hours without any count as missing.</summary>
    public double Coverage => Flows == 0 ? 0 : Math.Clamp((Length - TimeSpan.FromHours(EmptyHours)) / (Asked is { } asked && asked > Length ? asked : Length > TimeSpan.Zero ? Length : TimeSpan.FromHours(1)), 0, 1);
}

/// <summary>Rules by what was seen to use them.</summary>
public sealed record ObservedUse(ObservedWindow Window, ImmutableArray<RuleHits> Rules)
{
    internal static readonly IpValue Anybody = new(IpFamily.V4, 0xC000_0201);

    /// <param name="engine">The policies in force.</param>
    /// <param name="flows">In any order.</param>
    /// <param name="window">Up to the last flow; null for all.</param>
    public static ObservedUse Of(PolicyEngine engine, IEnumerable<ObservedFlow> flows, TimeSpan? window)
    {
        var all = flows.ToList();
        var to = all.Select(static f => f.LastSeen).DefaultIfEmpty().Max();
        var within = all.Where(f => window is null || f.LastSeen >= to - window).ToList();
        var hits = new Dictionary<RuleReference, (long Count, DateTimeOffset Last)>();
        var (seen, hours, unresolved) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<long>(), 0L);
        foreach (var flow in within)
        {
            hours.Add(flow.LastSeen.UtcTicks / TimeSpan.TicksPerHour);
            hours.Add(flow.FirstSeen.UtcTicks / TimeSpan.TicksPerHour);
            if (TransportProtocolText.Parse(flow.Protocol) is not { } protocol || PartyOf(engine, flow.Source) is not { } source || PartyOf(engine, flow.Destination) is not { } destination)
            {
                unresolved++;
                continue;
            }

            seen.UnionWith(new[] { source, destination }.Where(static p => p.ManagedPod is not null).Select(static p => p.Name));
            var verdict = engine.Ask(source, destination, protocol, flow.DestinationPort);
            foreach (var rule in verdict.Egress.Rules.Concat(verdict.Ingress.Rules))
            {
                var (count, last) = hits.GetValueOrDefault(rule);
                hits[rule] = (count + flow.Count, last > flow.LastSeen ? last : flow.LastSeen);
            }
        }

        var from = within.Select(static f => f.FirstSeen).DefaultIfEmpty(to).Min();
        from = window is { } asked && from < to - asked ? to - asked : from;
        var firstHour = from.UtcTicks / TimeSpan.TicksPerHour;
        var length = within.Count == 0 ? 0 : (int)((to.UtcTicks / TimeSpan.TicksPerHour) - firstHour) + 1;
        return new ObservedUse(
            new ObservedWindow(window, from, to, within.Count, length - hours.Count(h => h >= firstHour && within.Count > 0), seen.Count, engine.EveryPod.Members().Sum(c => engine.PodClass(c)!.Members.Count), unresolved),
            [
                .. from policy in engine.Policies
                   from rule in policy.Ingress.Concat(policy.Egress)
                   let hit = hits.TryGetValue(rule.Rule.Reference, out var found) ? found : ((long Count, DateTimeOffset Last)?)null
                   select new RuleHits(rule.Rule.Reference, hit?.Count ?? 0, hit?.Last),
            ]);
    }

    /// <summary>What has neither pod nor address is asked as an address that only rules for everybody hold: RFC 5737 gives it to nobody.</summary>
    internal static Party? PartyOf(PolicyEngine engine, in FlowEnd end) => end.Pod.Length > 0 ? engine.PodNamed(end.Pod) : engine.At(end.Address ?? Anybody);
}
