using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>The difference that policies make, where one engine was made out of the other: only pods of which other policies decide are looked at.</summary>
internal sealed class PolicyDifference
{
    private readonly PolicyEngine old;
    private readonly PolicyEngine @new;
    private readonly AllowedPeers oldPeers;
    private readonly AllowedPeers newPeers;

    /// <summary>By class of the new engine, the class of the old one that it is or was cut from.</summary>
    private readonly int[] origins;

    /// <summary>Classes that the old engine has not.</summary>
    private readonly List<int> cutOff;
    private readonly RulePorts rulePorts;
    private readonly Side egress;
    private readonly Side ingress;

    public PolicyDifference(PolicyEngine old, PolicyEngine @new)
    {
        (this.old, this.@new, oldPeers, newPeers) = (old, @new, new AllowedPeers(old), new AllowedPeers(@new));
        origins = new int[@new.Universe];
        Array.Fill(origins, -1);
        foreach (var c in @new.PodClasses)
        {
            origins[c] = old.ClassOf(old.PodNamed(@new.PodClass(c)!.Members[0])!);
        }

        foreach (var (c, first, _) in @new.Addresses.Ranges)
        {
            origins[c] = old.Addresses.ClassOf(first);
        }

        cutOff = [.. Enumerable.Range(0, origins.Length).Where(c => origins[c] >= 0 && origins[c] != c)];
        rulePorts = new RulePorts(@new);
        (egress, ingress) = (new Side(this, Direction.Egress), new Side(this, Direction.Ingress));
    }

    public Difference Find()
    {
        var ranges = @new.Addresses.Ranges.ToDictionary(static r => r.Class, static r => new PartyGroup([], (r.First, r.Last)));
        var names = new ImmutableArray<string>[@new.Universe];
        return new Difference([.. ChangesOf(egress, ingress).Concat(ChangesOf(ingress, egress)).SelectMany(Described)], [], []);

        IEnumerable<ConnectivityChange> Described((Side Side, int Own, List<int> Others, ImmutableArray<PortRange> Added, ImmutableArray<PortRange> Removed) change)
        {
            var own = new PartyGroup(NamesOf(change.Own), null);
            var pods = new PartyGroup([.. change.Others.Where(c => !ranges.ContainsKey(c)).SelectMany(c => NamesOf(c).AsEnumerable())], null);
            foreach (var other in change.Others.Where(ranges.ContainsKey).Select(c => ranges[c]).Concat(pods.Pods.IsEmpty ? [] : [pods]))
            {
                var (from, to) = change.Side == egress ? (own, other) : (other, own);
                yield return new ConnectivityChange(from, to, change.Added, change.Removed);
            }
        }

        ImmutableArray<string> NamesOf(int c)
        {
            if (names[c].IsDefault)
            {
                names[c] = [.. @new.PodClass(c)!.Members];
            }

            return names[c];
        }
    }

    /// <summary>Between each affected class of a side and all others: those that are affected themselves stand with the senders.</summary>
    private IEnumerable<(Side Side, int Own, List<int> Others, ImmutableArray<PortRange> Added, ImmutableArray<PortRange> Removed)> ChangesOf(Side side, Side others)
    {
        foreach (var own in side.Affected.Members())
        {
            var turns = new List<(Turn Turn, List<PortRange> Ports)>();
            for (var port = 0; port < @new.Ports.Count; port++)
            {
                var turn = Turned(side, others, own, port);
                var at = turns.FindIndex(t => t.Turn.Added.EqualsAmong(turn.Added, @new.Everyone) && t.Turn.Removed.EqualsAmong(turn.Removed, @new.Everyone));
                if (at < 0)
                {
                    turns.Add((turn, []));
                    at = turns.Count - 1;
                }

                turns[at].Ports.Add(@new.Ports.RangeOf(port));
            }

            foreach (var alike in Alike(turns.SelectMany(static t => new[] { t.Turn.Added, t.Turn.Removed })))
            {
                yield return (side, own, alike,
                    [.. turns.Where(t => t.Turn.Added.Contains(alike[0])).SelectMany(static t => t.Ports)],
                    [.. turns.Where(t => t.Turn.Removed.Contains(alike[0])).SelectMany(static t => t.Ports)]);
            }
        }
    }

    /// <summary>The members of sets, those together that are in the same ones.</summary>
    private List<List<int>> Alike(IEnumerable<BitSet> sets)
    {
        var groups = new int[@new.Universe];
        var last = 0;
        foreach (var set in sets)
        {
            var within = new Dictionary<int, int>();
            foreach (var c in set.Members())
            {
                if (!within.TryGetValue(groups[c], out var group))
                {
                    group = ++last;
                    within.Add(groups[c], group);
                }

                groups[c] = group;
            }
        }

        var found = new SortedDictionary<int, List<int>>();
        for (var c = 0; c < groups.Length; c++)
        {
            if (groups[c] > 0)
            {
                _ = found.TryAdd(groups[c], []);
                found[groups[c]].Add(c);
            }
        }

        return [.. found.Values];
    }

    /// <summary>The others with which a class may connect on a port and could not before, and the other way round.</summary>
    private Turn Turned(Side side, Side others, int own, int port)
    {
        if (!side.MayChange(own, port) && (side == ingress || !others.MayChange(port)))
        {
            return Turn.None;
        }

        var (before, after) = side.Answers(own, port);
        var (added, removed) = (after.Copy().AndNot(before), before.Copy().AndNot(after));
        var turn = new Turn(others.Agreeing(added, own, port), others.Agreeing(removed, own, port));
        foreach (var other in side == egress ? others.Affected.Members() : [])
        {
            var answers = others.Answers(other, port);
            var (could, can) = (before.Contains(other) && answers.Before.Contains(own), after.Contains(other) && answers.After.Contains(own));
            if (could != can)
            {
                (can ? turn.Added : turn.Removed).Add(other);
            }
        }

        // A pod that is alone in its class always reaches itself.
        if (@new.PodClass(own)!.Members.Count == 1)
        {
            turn.Added.Remove(own);
            turn.Removed.Remove(own);
        }

        return turn;
    }

    private sealed record Turn(BitSet Added, BitSet Removed)
    {
        public static readonly Turn None = new(new BitSet(0), new BitSet(0));
    }

    /// <summary>What the pods say as senders, or as receivers.</summary>
    private sealed class Side
    {
        private readonly PolicyDifference all;
        private readonly Direction direction;
        private readonly Dictionary<(int Class, int Port), (BitSet Before, BitSet After)> answers = [];
        private readonly Dictionary<int, int[]> alikePorts = [];
        private readonly Dictionary<int, BitSet> changedPorts = [];
        private readonly Lazy<Unaffected> unaffected;

        public Side(PolicyDifference all, Direction direction)
        {
            (this.all, this.direction) = (all, direction);
            foreach (var c in all.@new.PodClasses)
            {
                var (before, after) = (all.old.PoliciesOf(all.origins[c], direction), all.@new.PoliciesOf(c, direction));
                if (before.DecidesAs(after, direction))
                {
                    continue;
                }

                Affected.Add(c);
                if (before.ChangedRules(after, direction) is { } rules)
                {
                    changedPorts[c] = rules.Aggregate(new BitSet(0), (ports, rule) => ports.Or(all.rulePorts.Of(rule)));
                }
            }

            unaffected = new(() => new Unaffected(all.@new, all.rulePorts, direction, Affected, (direction == Direction.Egress ? all.ingress : all.egress).Affected));
        }

        /// <summary>Pod classes of which other policies decide than before.</summary>
        public BitSet Affected { get; } = new(0);

        /// <summary>Whether what an affected class says may be another on a port: that depends on the rules that came or went.</summary>
        public bool MayChange(int own, int port) => !changedPorts.TryGetValue(own, out var ports) || ports.Contains(port);

        /// <summary>Whether what any affected class says may be another on a port.</summary>
        public bool MayChange(int port) => Affected.Members().Any(c => MayChange(c, port));

        /// <summary>Those of some that allow a class of the other side, among those that are not affected.</summary>
        public BitSet Agreeing(BitSet some, int other, int port) => some.IsEmpty ? some : unaffected.Value.Agreeing(some, other, port);

        /// <summary>Whom an affected class allows on a port.</summary>
        public (BitSet Before, BitSet After) Answers(int own, int port)
        {
            if (!alikePorts.TryGetValue(own, out var alike))
            {
                alike = AlikePorts(own);
                alikePorts.Add(own, alike);
            }

            if (!answers.TryGetValue((own, alike[port]), out var known))
            {
                answers[(own, alike[port])] = known = (Before(own, port), all.newPeers.Of(own, direction, port));
            }

            return known;
        }

        /// <summary>By port, the first of those that no rule of a class tells from it.</summary>
        private int[] AlikePorts(int own)
        {
            var rules = new[] { all.old.PoliciesOf(all.origins[own], direction), all.@new.PoliciesOf(own, direction) }.SelectMany(static p => p.All).SelectMany(p => p.Rules(direction)).ToList();
            var alike = new int[all.@new.Ports.Count];
            var named = rules.Aggregate(new BitSet(0), (ports, rule) => ports.Or(all.rulePorts.ByName(rule)));
            foreach (var port in named.Members())
            {
                alike[port] = -1 - port;
            }

            foreach (var ports in rules.DistinctBy(static r => r.Ports).Select(all.@new.PortsOf))
            {
                var firsts = new Dictionary<(int First, bool IsIn), int>();
                for (var port = 0; port < alike.Length; port++)
                {
                    var kind = (alike[port], ports.Contains(port));
                    _ = firsts.TryAdd(kind, port);
                    alike[port] = firsts[kind];
                }
            }

            return alike;
        }

        private BitSet Before(int own, int port)
        {
            var range = all.@new.Ports.RangeOf(port);
            var before = all.oldPeers.Of(all.origins[own], direction, all.old.Ports.ClassOf(range.Protocol, range.First));
            var mapped = before.Copy().And(all.@new.Everyone);
            foreach (var c in all.cutOff)
            {
                if (before.Contains(all.origins[c]))
                {
                    mapped.Add(c);
                }
                else
                {
                    mapped.Remove(c);
                }
            }

            return mapped;
        }
    }

    /// <summary>What those say of the affected of the other side of whom no other policies decide than before.</summary>
    private sealed class Unaffected
    {
        private static readonly BitSet Nobody = new(0);

        private readonly PolicyEngine engine;
        private readonly Direction direction;
        private readonly Dictionary<int, int> places;
        private readonly AllowedPeers peers;
        private readonly Dictionary<int, BitSet[]> agreeing = [];

        /// <summary>They allow what no rule is about.</summary>
        private readonly BitSet open;

        /// <summary>By port, those of whom some rule is about the affected.</summary>
        private readonly BitSet[] deciding;

        public Unaffected(PolicyEngine engine, RulePorts rulePorts, Direction direction, BitSet ownAffected, BitSet affected)
        {
            (this.engine, this.direction) = (engine, direction);
            places = affected.Members().Index().ToDictionary(static m => m.Item, static m => m.Index);
            peers = new AllowedPeers(engine, affected);
            open = engine.Everyone.Copy().AndNot(ownAffected);
            deciding = [.. Enumerable.Range(0, engine.Ports.Count).Select(static _ => new BitSet(0))];
            var isAbout = new Dictionary<int, bool>();
            foreach (var policy in engine.Policies)
            {
                if (policy.Model.Tier == PolicyTier.Network && policy.Model.IsActive(direction))
                {
                    open.AndNot(engine.SubjectsOf(policy));
                }

                foreach (var rule in policy.Rules(direction))
                {
                    if (rule.Peers.Any(IsAboutAffected))
                    {
                        foreach (var port in rulePorts.Of(rule).Members())
                        {
                            deciding[port].Or(engine.SubjectsOf(policy));
                        }
                    }
                }
            }

            Array.ForEach(deciding, classes => classes.AndNot(ownAffected));

            bool IsAboutAffected(int peer)
            {
                if (!isAbout.TryGetValue(peer, out var known))
                {
                    isAbout[peer] = known = engine.PeersOf(peer, IpFamily.V4).Overlaps(affected) || engine.PeersOf(peer, IpFamily.V6).Overlaps(affected);
                }

                return known;
            }
        }

        public BitSet Agreeing(BitSet some, int other, int port)
        {
            if (!agreeing.TryGetValue(port, out var known))
            {
                known = Agreeing(port);
                agreeing.Add(port, known);
            }

            return some.Copy().And(known[places[other]]);
        }

        /// <summary>For each of the affected those that allow it on a port.</summary>
        private BitSet[] Agreeing(int port)
        {
            var answers = new BitSet[engine.Universe];
            Array.Fill(answers, Nobody);
            foreach (var c in deciding[port].Members())
            {
                answers[c] = peers.Of(c, direction, port);
            }

            var undecided = open.Copy().AndNot(deciding[port]);
            return Array.ConvertAll(BitSet.Transpose(answers, places.Count), allowing => allowing.Or(undecided));
        }
    }

    /// <summary>The port classes on which a rule may match: those of a named port are those of any pod.</summary>
    private sealed class RulePorts(PolicyEngine engine)
    {
        private readonly Lazy<Dictionary<(string Name, TransportProtocol Protocol), BitSet>> named = new(() =>
        {
            var found = new Dictionary<(string Name, TransportProtocol Protocol), BitSet>();
            foreach (var (name, port) in engine.PodClasses.SelectMany(c => engine.PodClass(c)!.NamedPorts))
            {
                _ = found.TryAdd((name, port.Protocol), new BitSet(0));
                found[(name, port.Protocol)].Add(engine.Ports.ClassOf(port.Protocol, port.First));
            }

            return found;
        });

        public BitSet Of(CompiledRule rule) => rule.Named.IsEmpty ? engine.PortsOf(rule) : ByName(rule).Or(engine.PortsOf(rule));

        public BitSet ByName(CompiledRule rule)
        {
            var ports = new BitSet(0);
            foreach (var (_, classes) in rule.Named.IsEmpty ? [] : named.Value.Where(n => rule.Names(n.Key.Name, n.Key.Protocol)))
            {
                ports.Or(classes);
            }

            return ports;
        }
    }
}
