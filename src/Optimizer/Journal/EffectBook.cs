using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Journal;

/// <summary>What changes of the same sysctls did to a workload: a file beside the journal, one JSON object a verdict; the next proposal's expectation learns from it.</summary>
public sealed class EffectBook
{
    /// <summary>Beside the journal.</summary>
    public const string FileName = "effects.jsonl";

    /// <summary>Verdicts of one knob and workload that are remembered.</summary>
    private const int Remembered = 20;

    /// <summary>Lines of the file, in verdicts that are remembered, at which it is written anew.</summary>
    private const int Slack = 4;

    /// <summary>The computed expectation counts as much as this many verdicts.</summary>
    private const double WeightOfComputed = 2;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly Lock gate = new();
    private readonly string path;
    private readonly Dictionary<string, ImmutableList<ObservedEffect>> effects = new(StringComparer.Ordinal);
    private int lines;

    /// <param name="journalFile">Beside which it is kept. A line that cannot be read is one that a killed process did not finish; it is left out.</param>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public EffectBook(string journalFile)
    {
        path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(journalFile))!, FileName);
        if (!File.Exists(path))
        {
            return;
        }

        foreach (var line in File.ReadLines(path))
        {
            lines++;
            try
            {
                Remember(JsonSerializer.Deserialize<ObservedEffect>(line, Json) ?? throw new JsonException("null is no effect"));
            }
            catch (JsonException)
            {
                Unreadable++;
            }
        }
    }

    /// <summary>Lines that could not be read.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Verdicts that the disk refused; they are known until the end of this process.</summary>
    public int Unwritten { get; private set; }

    /// <summary>What is known of each knob and workload, by name.</summary>
    public ImmutableArray<LearnedEffect> All
    {
        get
        {
            lock (gate)
            {
                return [.. effects.Values.Select(LearnedEffect.Of).OrderBy(effect => effect.Key, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Writes a verdict down. One that the disk refuses is counted and stops no change: it is only what is learned.</summary>
    public void Record(Change change, Verdict verdict, DateTimeOffset at)
    {
        var effect = new ObservedEffect(KeyOf(change.Pod?.Namespace, change.Workload, change.Writes), at, verdict.Outcome, verdict.Effect?.Ratio);
        lock (gate)
        {
            Remember(effect);
            try
            {
                Append(effect);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Unwritten++;
            }
        }
    }

    /// <summary>What is known of the proposal's knobs and workload; <see langword="null"/> when nothing.</summary>
    public LearnedEffect? Of(SysctlProposal proposal)
    {
        lock (gate)
        {
            return effects.TryGetValue(KeyOf(proposal.Pod?.Namespace, proposal.Workload, proposal.Writes), out var known) ? LearnedEffect.Of(known) : null;
        }
    }

    /// <summary>The proposals with what was learned, those that failed least first.</summary>
    /// <remarks>The expected gain is the geometric mean of the computed one and of those that were measured, the computed one counting as two.</remarks>
    public ImmutableArray<SysctlProposal> Learned(ImmutableArray<SysctlProposal> proposals) =>
        [.. proposals.Select(Learned).OrderBy(proposal => Of(proposal)?.Failures ?? 0)];

    private SysctlProposal Learned(SysctlProposal proposal)
    {
        if (Of(proposal) is not { Helped: > 0 } learned || proposal is not { Measured: > 0, Expected: > 0 })
        {
            return proposal;
        }

        var computed = Math.Log(proposal.Expected / proposal.Measured);
        var measured = Math.Log(learned.MedianGain) * (proposal.Objective.Better == Better.Higher ? 1 : -1);
        var mixed = ((WeightOfComputed * computed) + (learned.Helped * measured)) / (WeightOfComputed + learned.Helped);
        return proposal with { Expected = proposal.Measured * Math.Exp(mixed), Learned = learned.ToString() };
    }

    private static string KeyOf(string? @namespace, string workload, ImmutableArray<SysctlWrite> writes) =>
        $"{@namespace}/{workload} {string.Join(' ', writes.Select(write => write.Sysctl))}";

    private void Append(ObservedEffect effect)
    {
        if (lines >= Slack * Remembered * Math.Max(effects.Count, 1))
        {
            Rewrite();
            return;
        }

        // A line that a killed process left unfinished must not spoil this one.
        File.AppendAllText(path, $"{(EndsWithLine() ? "" : "\n")}{JsonSerializer.Serialize(effect, Json)}\n");
        lines++;
    }

    private bool EndsWithLine()
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read);
        if (file.Length == 0)
        {
            return true;
        }

        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    private void Remember(ObservedEffect effect)
    {
        var known = effects.GetValueOrDefault(effect.Key, []).Add(effect);
        effects[effect.Key] = known.Count > Remembered ? known.RemoveAt(0) : known;
    }

    private void Rewrite()
    {
        var all = new StringBuilder();
        lines = 0;
        foreach (var effect in effects.Values.SelectMany(known => known).OrderBy(effect => effect.At))
        {
            all.Append(JsonSerializer.Serialize(effect, Json)).Append('\n');
            lines++;
        }

        File.WriteAllText(path + ".new", all.ToString());
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <param name="Key">Namespace, workload and sysctls.</param>
    /// <param name="Gain">Ratio, better above 1; <see langword="null"/> where too little was read.</param>
    internal sealed record ObservedEffect(string Key, DateTimeOffset At, Outcome Outcome, double? Gain);

    /// <summary>What changes of one knob did to one workload.</summary>
    /// <param name="Key">Namespace, workload and sysctls.</param>
    /// <param name="Helped">How often it helped.</param>
    /// <param name="Failures">How often it did not, or harmed.</param>
    /// <param name="MedianGain">Of those that helped, better above 1; 1 when none did.</param>
    /// <param name="Low">Lower end of the median's interval.</param>
    /// <param name="High">Its upper end.</param>
    public sealed record LearnedEffect(string Key, int Helped, int Failures, double MedianGain, double Low, double High)
    {
        public override string ToString() => $"×{MedianGain:0.0} ({Low:0.0} to {High:0.0}) in {Helped} of {Helped + Failures} changes before";

        internal static LearnedEffect Of(ImmutableList<ObservedEffect> known)
        {
            var gains = known.Where(effect => effect.Outcome == Outcome.Helped).Select(effect => effect.Gain).OfType<double>().Order().ToList();
            // Order statistics of a binomial, by its normal approximation: with few gains, the least and the largest.
            var reach = (int)Math.Ceiling(Math.Sqrt(gains.Count));
            var middle = gains.Count / 2;
            return new LearnedEffect(
                known[0].Key,
                gains.Count,
                known.Count(effect => effect.Outcome != Outcome.Helped),
                gains.Count == 0 ? 1 : gains.Count % 2 == 1 ? gains[middle] : Math.Sqrt(gains[middle - 1] * gains[middle]),
                gains.Count == 0 ? 1 : gains[Math.Max(0, middle - reach)],
                gains.Count == 0 ? 1 : gains[Math.Min(gains.Count - 1, middle + reach)]);
        }
    }
}
