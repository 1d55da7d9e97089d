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
        (egress, ingress) = (new Side(this, Direction.Egress), new Side(this, Direction.Ingress));
    }

    public Difference Find()
    {
        var ranges = @new.Addresses.Ranges.ToDictionary(static r => r.Class, static r => new PartyGroup([], (r.First, r.Last)));
        return new Difference([.. ChangesOf(egress, ingress, ranges).Concat(ChangesOf(ingress, egress, ranges))], [], []);
    }

    /// <summary>Between each affected class of a side and all others: those that are affected themselves stand with the senders.</summary>
    private IEnumerable<ConnectivityChange> ChangesOf(Side side, Side others, Dictionary<int, PartyGroup> ranges)
    {
        foreach (var own in side.Affected.Members())
        {
            var turned = Enumerable.Range(0, @new.Ports.Count).Select(port => (Port: port, Others: Turned(side, others, own, port))).Where(static t => !t.Others.IsEmpty).ToList();
            var group = new PartyGroup([.. @new.PodClass(own)!.Members], null);
            foreach (var alike in Alike(turned.SelectMany(static t => new[] { t.Others.Added, t.Others.Removed })))
            {
                var added = turned.Where(t => t.Others.Added.Contains(alike[0])).Select(t => @new.Ports.RangeOf(t.Port)).ToList();
                var removed = turned.Where(t => t.Others.Removed.Contains(alike[0])).Select(t => @new.Ports.RangeOf(t.Port)).ToList();
                var pods = new PartyGroup([.. alike.SelectMany(c => @new.PodClass(c) is { } podClass ? podClass.Members : [])], null);
                foreach (var other in alike.Where(ranges.ContainsKey).Select(c => ranges[c]).Concat(pods.Pods.IsEmpty ? [] : [pods]))
                {
                    var (from, to) = side == egress ? (group, other) : (other, group);
                    yield return new ConnectivityChange(from, to, [.. added], [.. removed]);
                }
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
                    within.Add(groups[c], group = ++last);
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

        public bool IsEmpty => Added.IsEmpty && Removed.IsEmpty;
    }

    /// <summary>What the pods say as senders, or as receivers.</summary>
    private sealed class Side
    {
        private readonly PolicyDifference all;
        private readonly Direction direction;
        private readonly Dictionary<(int Class, int Port), (BitSet Before, BitSet After)> answers = [];
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
                if (before.ChangedRules(after, direction) is { } rules && rules.TrueForAll(static r => r.Named.IsEmpty))
                {
                    changedPorts[c] = rules.Aggregate(new BitSet(0), (ports, rule) => ports.Or(all.@new.PortsOf(rule)));
                }
            }

            unaffected = new(() => new Unaffected(all.@new, direction, Affected, (direction == Direction.Egress ? all.ingress : all.egress).Affected));
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
            if (!answers.TryGetValue((own, port), out var known))
            {
                answers[(own, port)] = known = (Before(own, port), all.newPeers.Of(own, direction, port));
            }

            return known;
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
        private readonly PolicyEngine engine;
        private readonly Direction direction;
        private readonly BitSet affected;
        private readonly Dictionary<int, int> places;
        private readonly AllowedPeers peers;
        private readonly Dictionary<int, bool> isAboutAffected = [];
        private readonly Dictionary<CompiledPolicy, About> abouts = new(ReferenceEqualityComparer.Instance);

        // By class; null for those of addresses, which allow all, and for the affected.
        private readonly About?[] all;
        private readonly BitSet allowing = new(0);
        private readonly Dictionary<int, (BitSet Allowing, BitSet Depending)> byPort = [];
        private readonly Dictionary<(int Class, int Port), BitSet> answers = [];

        public Unaffected(PolicyEngine engine, Direction direction, BitSet ownAffected, BitSet affected)
        {
            (this.engine, this.direction, this.affected) = (engine, direction, affected);
            places = affected.Members().Index().ToDictionary(static m => m.Item, static m => m.Index);
            peers = new AllowedPeers(engine, affected);
            all = new About?[engine.Universe];
            foreach (var (c, _, _) in engine.Addresses.Ranges)
            {
                allowing.Add(c);
            }

            foreach (var c in engine.PodClasses.Where(c => !ownAffected.Contains(c)))
            {
                var policies = engine.PoliciesOf(c, direction);
                all[c] = About.None;
                foreach (var policy in policies.All)
                {
                    all[c] = all[c]!.And(AboutOf(policy));
                }

                if (policies.Isolating.IsEmpty)
                {
                    allowing.Add(c);
                }
            }
        }

        public BitSet Agreeing(BitSet some, int other, int port)
        {
            if (!byPort.TryGetValue(port, out var known))
            {
                known = (allowing.Copy(), new BitSet(engine.Universe));
                foreach (var (c, about) in all.Index().Where(a => a.Item?.IsOn(port) == true))
                {
                    known.Allowing.Remove(c);
                    known.Depending.Add(c);
                }

                byPort.Add(port, known);
            }

            var agreeing = some.Copy().And(known.Allowing);
            foreach (var c in some.Copy().And(known.Depending).Members())
            {
                if (!answers.TryGetValue((c, port), out var answer))
                {
                    answers[(c, port)] = answer = peers.Of(c, direction, port);
                }

                if (answer.Contains(places[other]))
                {
                    agreeing.Add(c);
                }
            }

            return agreeing;
        }

        private About AboutOf(CompiledPolicy policy)
        {
            if (!abouts.TryGetValue(policy, out var known))
            {
                abouts[policy] = known = policy.Rules(direction).Where(IsAboutAffected)
                    .Aggregate(About.None, (about, rule) => about.And(new About(!rule.Named.IsEmpty, engine.PortsOf(rule))));
            }

            return known;
        }

        private bool IsAboutAffected(CompiledRule rule)
        {
            foreach (var number in rule.Peers)
            {
                if (!isAboutAffected.TryGetValue(number, out var isAbout))
                {
                    isAboutAffected[number] = isAbout = engine.PeersOf(number, Addresses.IpFamily.V4).Overlaps(affected) || engine.PeersOf(number, Addresses.IpFamily.V6).Overlaps(affected);
                }

                if (isAbout)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Rules that tell the affected of the other side from the rest: on some ports, or on any by name.</summary>
    private sealed record About(bool IsNamed, BitSet Ports)
    {
        public static readonly About None = new(false, new BitSet(0));

        public bool IsOn(int port) => IsNamed || Ports.Contains(port);

        public About And(About other) => ReferenceEquals(other, None) ? this : ReferenceEquals(this, None) ? other : new(IsNamed || other.IsNamed, Ports.Copy().Or(other.Ports));
    }
}
