using NetPulse.Lab.Demo;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Judge;

/// <summary>What the optimizer's API shows of causes and changes since the trouble began.</summary>
internal sealed class ObservedLoop(OptimizerClient optimizer, Narrator narrator, Scenario scenario, TimeProvider time)
{
    private const string Unknown = "Unknown";

    private readonly List<string> causes = [];
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ChangeAnswer Change, string Phase)> changes = new(StringComparer.Ordinal);
    private readonly HashSet<string> wrong = new(StringComparer.Ordinal);
    private long lastEntry;

    /// <summary>Named for the lab's pods or the node, in the order of their appearance; a cause that a change was made for comes before the others.</summary>
    internal IReadOnlyList<string> Causes => [.. changes.Values.Select(each => each.Change.Cause).Concat(causes).Distinct(StringComparer.Ordinal)];

    /// <summary>Made, and neither refused nor taken back.</summary>
    internal IReadOnlyList<ChangeAnswer> InForce => [.. changes.Values.Where(each => each.Phase is "Applied" or "Widening" or "Widened" or "Keeping" or "Kept").Select(each => each.Change)];

    /// <summary>When the first change was taken back.</summary>
    internal long? RolledBackAt { get; private set; }

    /// <summary>The timestamp at which a change was first taken beyond its canary, by workload: none of its pods is untouched from then on.</summary>
    internal Dictionary<string, long> WidenedAt { get; } = new(StringComparer.Ordinal);

    internal bool HasKept => changes.Values.Any(each => each.Phase == "Kept");

    /// <summary>Made, whatever became of them, though they do not belong to the trouble.</summary>
    internal int AppliedWrong => wrong.Count;

    /// <summary>The timestamp at which each pod, or the node (""), was first asked to change: the Tuner does so within a second, and says so some seconds later.</summary>
    internal Dictionary<string, long> AskedAt { get; } = new(StringComparer.Ordinal);

    /// <returns>Whether the optimizer has made a run.</returns>
    internal async Task<bool> AnswersAsync(CancellationToken cancellationToken) => await optimizer.StatusAsync(cancellationToken) is { } status && status.At > DateTimeOffset.UnixEpoch;

    internal async Task ReadAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in await optimizer.JournalAsync(lastEntry, cancellationToken))
        {
            lastEntry = entry.Sequence;
            narrator.Tell((entry.Phase ?? entry.Kind).ToLowerInvariant(), entry.Text);
            foreach (var detail in entry.Details ?? [])
            {
                narrator.Tell("", $"  {detail}");
            }

            if (entry is { Change: { } change, Phase: { } phase })
            {
                Follow(change, phase);
            }
        }

        var findings = (await optimizer.StatusAsync(cancellationToken))?.Findings ?? [];
        foreach (var finding in findings.Where(finding => IsOurs(finding.Subject)))
        {
            if (finding.Cause != Unknown && !causes.Contains(finding.Cause))
            {
                causes.Add(finding.Cause);
            }

            if (told.Add($"{finding.Subject} {finding.Cause}"))
            {
                narrator.Tell("found", $"{finding.Cause} of {finding.Subject}: {finding.Summary}");
            }
        }
    }

    internal static string Describe(ChangeAnswer change) =>
        $"{string.Join(", ", change.Writes.Select(write => $"{write.Sysctl} = {write.After}"))} in {change.Pod?.Name ?? "the node"}";

    private static bool IsOurs(string subject) =>
        subject.Contains($"{PodDescription.KubernetesNamespace}/", StringComparison.Ordinal) || subject.StartsWith("node ", StringComparison.Ordinal);

    private void Follow(ChangeAnswer change, string phase)
    {
        changes[change.Name] = (change, phase);
        if (phase == "RolledBack")
        {
            RolledBackAt ??= time.GetTimestamp();
        }

        if (phase == "Widening" && scenario.Pods.FirstOrDefault(pod => pod.Name == change.Pod?.Name) is { } canary)
        {
            WidenedAt.TryAdd(canary.Workload, time.GetTimestamp());
        }

        if (phase == "Written")
        {
            AskedAt.TryAdd(change.Pod?.Name ?? "", time.GetTimestamp());
        }

        if (phase != "Applied")
        {
            return;
        }

        var right = scenario.IsTwin ? [] : scenario.Parts.Where(part => !part.IsTwin).SelectMany(part => part.Healing.Select(healing => healing.Name).Concat(part.AlsoHeals));
        if (change.Writes.Any(write => !right.Contains(write.Sysctl, StringComparer.Ordinal)))
        {
            wrong.Add(change.Name);
        }
    }
}
