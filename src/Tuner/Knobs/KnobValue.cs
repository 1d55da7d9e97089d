using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace NetPulse.Tuner.Knobs;

/// <summary>What the value of a sysctl may be.</summary>
public abstract partial record KnobValue
{
    private KnobValue()
    {
    }

    /// <summary>Of each number; <c>name</c> or <c>port</c> for what is none.</summary>
    public abstract string Unit { get; init; }

    /// <summary>For people, behind "takes".</summary>
    public abstract string Allowed { get; }

    /// <summary>Reads a value; what the kernel is given is written anew, because it would take a leading zero for octal.</summary>
    /// <returns>The value in its one spelling; <see langword="null"/>, with the reason, when it is not allowed.</returns>
    public abstract string? Accept(string value, out string refusal);

    /// <summary>Another value that is allowed, as near as can be: what a trial writes.</summary>
    /// <param name="current">What the kernel tells.</param>
    /// <returns><see langword="null"/> when there is none.</returns>
    public abstract string? Neighbour(string current);

    /// <summary>One or more numbers, each of the range.</summary>
    public sealed record Numbers(string Unit, int Fields, long Minimum, long Maximum) : KnobValue
    {
        public override string Unit { get; init; } = Unit;

        /// <summary>Whether no number may be smaller than the one before it, as in minimum, default, maximum.</summary>
        public bool Ascending { get; init; }

        /// <summary>The second number is never lowered below this; where less held before, not below that. Absent: only the range counts.</summary>
        public long? DefaultFloor { get; init; }

        /// <summary>What each number must be a multiple of, because the kernel rounds it up to one.</summary>
        public long MultipleOf { get; init; } = 1;

        /// <summary>A number out of the range that is allowed too, as the kernel's "no limit".</summary>
        public long? Also { get; init; }

        /// <summary>What the numbers may stand for at most, as a share of the node's memory; the range's end is set from it (<see cref="OnNode"/>).</summary>
        public double? ShareOfMemory { get; init; }

        public override string Allowed =>
            $"{(Fields == 1 ? "one number" : $"{Fields} numbers")} of {Minimum} to {Maximum} {Unit}{(MultipleOf > 1 ? $", a multiple of {MultipleOf}" : "")}{(Ascending ? ", each at least the one before it" : "")}{(Also is { } also ? $", or {also}" : "")}";

        /// <param name="memoryPages">All of the node's memory, in pages.</param>
        public Numbers OnNode(long memoryPages) => ShareOfMemory is { } share ? this with { Maximum = Math.Max(Minimum, (long)(memoryPages * share)) } : this;

        public override string? Accept(string value, out string refusal)
        {
            var parts = Parts(value);
            var numbers = new long[parts.Length];
            for (var i = 0; i < parts.Length; i++)
            {
                if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                {
                    refusal = $"'{parts[i]}' is no whole number";
                    return null;
                }
            }

            var outside = Array.FindIndex(numbers, n => (n < Minimum || n > Maximum) && n != Also);
            refusal = numbers switch
            {
                _ when numbers.Length != Fields => $"it has {numbers.Length} numbers",
                _ when outside >= 0 => $"{numbers[outside]} is out of range",
                _ when Array.FindIndex(numbers, n => n % MultipleOf != 0 && n != Also) is >= 0 and var odd => $"{numbers[odd]} is no multiple of {MultipleOf}",
                _ when Ascending && !numbers.Order().SequenceEqual(numbers) => "its numbers are not ascending",
                _ => "",
            };
            return refusal.Length > 0 ? null : string.Join(' ', numbers);
        }

        public override string? Neighbour(string current)
        {
            // The last number of an ascending value may be raised, or else lowered, without touching the others.
            if (Parts(current) is not { Length: > 0 } parts || !long.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            {
                return null;
            }

            parts[^1] = (last < Maximum ? last + MultipleOf : Math.Max(last - MultipleOf, Minimum)).ToString(CultureInfo.InvariantCulture);
            return parts[^1] == Parts(current)[^1] ? null : string.Join(' ', parts);
        }
    }

    /// <summary>A name, or a list of names.</summary>
    /// <param name="Choices">The names, where they are always the same; empty when the kernel tells them.</param>
    /// <param name="AvailableIn">The sysctl that lists the names which this kernel has; empty when <paramref name="Choices"/> says all.</param>
    public sealed record Names(ImmutableArray<string> Choices, string AvailableIn = "") : KnobValue
    {
        public override string Unit { get; init; } = "name";

        /// <summary>Whether the value is a list of names.</summary>
        public bool IsList { get; init; }

        /// <summary>The sysctl that lists the names which a pod's namespace may use; empty when all may be used.</summary>
        public string AllowedInPodsBy { get; init; } = "";

        public override string Allowed =>
            $"{(IsList ? "names" : "one name")} of {(Choices.IsEmpty ? $"those in {AvailableIn}" : string.Join(", ", Choices))}{(AllowedInPodsBy.Length > 0 ? $", in a pod's namespace of those in {AllowedInPodsBy}" : "")}";

        public override string? Accept(string value, out string refusal)
        {
            var names = Parts(value);
            refusal = names switch
            {
                [] => "it is empty",
                _ when names.Length > 1 && !IsList => $"it has {names.Length} names",
                _ when Array.Find(names, name => !Name().IsMatch(name)) is { } odd => $"'{odd}' is no name",
                _ when Array.Find(names, name => !Choices.IsEmpty && !Choices.Contains(name)) is { } other => $"{other} is none of them",
                _ => "",
            };
            return refusal.Length > 0 ? null : string.Join(' ', names);
        }

        /// <remarks>None: a trial with a name could make the kernel load its module.</remarks>
        public override string? Neighbour(string current) => null;

        /// <summary>The names that this node has.</summary>
        /// <param name="read">Reads a sysctl of the node.</param>
        public ImmutableArray<string> ChoicesOnNode(Func<string, string?> read) => Choices.IsEmpty ? [.. Parts(read(AvailableIn) ?? "")] : Choices;

        /// <summary>A list in the order in which the kernel tells its names.</summary>
        public string InKernelOrder(string value, Func<string, string?> read) =>
            IsList && AvailableIn.Length > 0 ? string.Join(' ', Parts(read(AvailableIn) ?? "").Where(Parts(value).Contains)) : value;

        /// <summary>Which of the names this node, or a pod on it, cannot have.</summary>
        /// <param name="read">Reads a sysctl of the node.</param>
        /// <returns>Why not; empty when all can be had.</returns>
        public string Missing(string value, bool inPod, Func<string, string?> read)
        {
            foreach (var name in Parts(value))
            {
                if (AvailableIn.Length > 0 && !Parts(read(AvailableIn) ?? "").Contains(name))
                {
                    return $"{name} is not available: {AvailableIn} lists {read(AvailableIn)}. Its kernel module is not loaded, and the Tuner loads none; an administrator can";
                }

                if (inPod && AllowedInPodsBy.Length > 0 && !Parts(read(AllowedInPodsBy) ?? "").Contains(name))
                {
                    return $"{name} may not be used in pods: {AllowedInPodsBy} lists {read(AllowedInPodsBy)}; it has to be allowed for the node first";
                }
            }

            return "";
        }
    }

    /// <summary>Ports and ranges of ports, as <c>8080,30000-32767</c>; empty for none.</summary>
    public sealed record Ports : KnobValue
    {
        public override string Unit { get; init; } = "port";

        public override string Allowed => "ports of 1 to 65535 and ranges of them, separated by commas, or nothing";

        public override string? Accept(string value, out string refusal)
        {
            var ranges = new List<(int First, int Last)>();
            foreach (var part in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var ends = part.Split('-');
                if (ends.Length > 2 || !IsPort(ends[0], out var first) || !IsPort(ends[^1], out var last) || last < first)
                {
                    refusal = $"'{part}' is no port and no range of ports";
                    return null;
                }

                ranges.Add((first, last));
            }

            refusal = "";
            return Spelled(ranges);
        }

        public override string? Neighbour(string current) => current.Length == 0 ? "65535" : null;

        /// <summary>Ascending, with neighbours and overlaps joined: as the kernel tells it.</summary>
        private static string Spelled(List<(int First, int Last)> ranges)
        {
            var joined = new List<(int First, int Last)>();
            foreach (var range in ranges.Order())
            {
                if (joined is [.., var before] && range.First <= before.Last + 1)
                {
                    joined[^1] = (before.First, Math.Max(before.Last, range.Last));
                }
                else
                {
                    joined.Add(range);
                }
            }

            return string.Join(',', joined.Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}"));
        }

        private static bool IsPort(string text, out int port) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
    }

    private static string[] Parts(string value) => value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex("^[a-z0-9_]{1,16}$", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Name();
}
