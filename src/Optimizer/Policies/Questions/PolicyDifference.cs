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
    private readonly bool isCutTheSame;
    private readonly Dictionary<Direction, Side> sides;

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

        isCutTheSame = Enumerable.Range(0, origins.Length).All(c => origins[c] < 0 || origins[c] == c);
        sides = new[] { Direction.Egress, Direction.Ingress }.ToDictionary(static d => d, d => new Side(this, d));
    }

    public Difference Find()
    {
        var changes = new SortedDictionary<(int From, int To), (List<PortRange> Added, List<PortRange> Removed)>();
        for (var port = 0; port < @new.Ports.Count; port++)
        {
            foreach (var ((from, to), isAdded) in ChangesOn(port))
            {
                if (!changes.TryGetValue((from, to), out var change))
                {
                    change = ([], []);
                    changes.Add((from, to), change);
                }

                (isAdded ? change.Added : change.Removed).Add(@new.Ports.RangeOf(port));
            }
        }

        var groups = @new.Addresses.Ranges.ToDictionary(static r => r.Class, static r => new PartyGroup([], (r.First, r.Last)));
        return new Difference([.. changes.Select(c => new ConnectivityChange(Group(c.Key.From), Group(c.Key.To), [.. c.Value.Added], [.. c.Value.Removed]))], [], []);

        PartyGroup Group(int c)
        {
            if (!groups.TryGetValue(c, out var group))
            {
                group = new PartyGroup([.. @new.PodClass(c)!.Members], null);
                groups.Add(c, group);
            }

            return group;
        }
    }

    private IEnumerable<((int From, int To) Pair, bool IsAdded)> ChangesOn(int port)
    {
        var seen = new HashSet<(int From, int To)>();
        foreach (var (direction, side) in sides)
        {
            foreach (var own in side.Affected.Members().Where(c => side.MayChange(c, port)))
            {
                var (before, after) = side.Answers(own, port);
                foreach (var other in before.Copy().Or(after).AndNot(before.Copy().And(after)).Members())
                {
                    var pair = direction == Direction.Egress ? (From: own, To: other) : (From: other, To: own);

                    // A pod that is alone in its class always reaches itself.
                    if ((own == other && @new.PodClass(own)!.Members.Count == 1) || (direction == Direction.Ingress && seen.Contains(pair)))
                    {
                        continue;
                    }

                    if (direction == Direction.Egress)
                    {
                        seen.Add(pair);
                    }

                    var (sent, received) = (sides[Direction.Egress].Answer(pair.From, pair.To, port), sides[Direction.Ingress].Answer(pair.To, pair.From, port));
                    var (could, can) = (sent.Before && received.Before, sent.After && received.After);
                    if (could != can)
                    {
                        yield return (pair, can);
                    }
                }
            }
        }
    }

    /// <summary>What the pods say as senders, or as receivers.</summary>
    private sealed class Side
    {
        private readonly PolicyDifference all;
        private readonly Direction direction;
        private readonly Dictionary<(int Class, int Port), (BitSet Before, BitSet After)> answers = [];
        private readonly Dictionary<int, Others> others = [];
        private readonly Dictionary<int, bool> isAboutAffected = [];
        private readonly Dictionary<int, BitSet> changedPorts = [];

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
        }

        /// <summary>Pod classes of which other policies decide than before.</summary>
        public BitSet Affected { get; } = new(0);

        /// <summary>Whether what an affected class says may be another on a port: that depends on the rules that came or went.</summary>
        public bool MayChange(int own, int port) => !changedPorts.TryGetValue(own, out var ports) || ports.Contains(port);

        public (bool Before, bool After) Answer(int own, int other, int port)
        {
            if (all.@new.PodClass(own) is null)
            {
                return (true, true);
            }

            if (Affected.Contains(own))
            {
                var (before, after) = Answers(own, port);
                return (before.Contains(other), after.Contains(other));
            }

            var isAllowed = OthersOf(own).AreAllowedOn(port) ?? Answers(own, port).After.Contains(other);
            return (isAllowed, isAllowed);
        }

        public (BitSet Before, BitSet After) Answers(int own, int port)
        {
            if (!answers.TryGetValue((own, port), out var known))
            {
                var after = all.newPeers.Of(own, direction, port);
                answers[(own, port)] = known = (Affected.Contains(own) ? Before(own, port) : after, after);
            }

            return known;
        }

        private BitSet Before(int own, int port)
        {
            var range = all.@new.Ports.RangeOf(port);
            var before = all.oldPeers.Of(all.origins[own], direction, all.old.Ports.ClassOf(range.Protocol, range.First));
            if (all.isCutTheSame)
            {
                return before.And(all.@new.Everyone);
            }

            var mapped = new BitSet(all.@new.Universe);
            foreach (var c in all.@new.Everyone.Members())
            {
                if (before.Contains(all.origins[c]))
                {
                    mapped.Add(c);
                }
            }

            return mapped;
        }

        /// <summary>What one that is not affected says of all that are, where no rule of its own tells them apart from the rest.</summary>
        private Others OthersOf(int own)
        {
            if (others.TryGetValue(own, out var known))
            {
                return known;
            }

            var policies = all.@new.PoliciesOf(own, direction);
            var rules = policies.Admin.Concat(policies.Isolating).Concat(policies.Baseline).SelectMany(p => p.Rules(direction)).Where(IsAboutAffected).ToList();
            var ports = new BitSet(0);
            foreach (var rule in rules)
            {
                ports.Or(all.@new.PortsOf(rule));
            }

            return others[own] = new Others(policies.Isolating.IsEmpty, rules.Exists(static r => !r.Named.IsEmpty), ports);
        }

        private bool IsAboutAffected(CompiledRule rule)
        {
            foreach (var number in rule.Peers)
            {
                if (!isAboutAffected.TryGetValue(number, out var isAbout))
                {
                    var affected = all.sides[direction == Direction.Egress ? Direction.Ingress : Direction.Egress].Affected;
                    isAboutAffected[number] = isAbout = all.@new.PeersOf(number, Addresses.IpFamily.V4).Overlaps(affected) || all.@new.PeersOf(number, Addresses.IpFamily.V6).Overlaps(affected);
                }

                if (isAbout)
                {
                    return true;
                }
            }

            return false;
        }

        /// <param name="IsOpen">Whether it is allowed what no rule is about.</param>
        /// <param name="Ports">On which some rule is about the affected.</param>
        private sealed record Others(bool IsOpen, bool IsNamed, BitSet Ports)
        {
            /// <summary>Null: it depends on the other.</summary>
            public bool? AreAllowedOn(int port) => IsNamed || Ports.Contains(port) ? null : IsOpen;
        }
    }
}
