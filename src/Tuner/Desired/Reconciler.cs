using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tuner.Knobs;

namespace NetPulse.Tuner.Desired;

/// <summary>Makes the node as its NodeTuning wants it: looks at everything anew each time, and does only what is missing.</summary>
public sealed partial class Reconciler
{
    private readonly INodeObjects objects;
    private readonly HeldValues held;
    private readonly ValueHolder holder;
    private readonly SettingCheck check;
    private readonly Deadlines deadlines;
    private readonly StatusBook book;
    private readonly TunerMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly IReadOnlyList<KnobStatus> knobs;
    private string problem = "";

    public Reconciler(
        INodeObjects objects, HeldValues held, ValueHolder holder, SettingCheck check, KnobTable knobs, TunerMetrics metrics, TimeProvider time, ILogger<Reconciler> logger)
    {
        (this.objects, this.held, this.holder, this.check, this.metrics, this.time, this.logger) = (objects, held, holder, check, metrics, time, logger);
        deadlines = new Deadlines(held, time);
        book = new StatusBook(time);
        book.Load(objects.ReadStatus()?.Settings ?? []);
        this.knobs = [.. knobs.Knobs.Select(knob => new KnobStatus
        {
            Sysctl = knob.Sysctl,
            Unit = knob.Unit,
            Fields = knob.Fields,
            Minimum = knob.Minimum,
            Maximum = knob.Maximum,
            PerNamespace = knob.Scope == KnobScope.NetworkNamespace,
        })];
    }

    /// <summary>Puts back what was to hold only until now. Needs no file but our own.</summary>
    /// <returns>Whether there was any.</returns>
    public bool RevertDue()
    {
        var due = deadlines.Due();
        foreach (var (value, outcome) in holder.RestoreAll(due, "its time has passed", HeldPhase.Expired))
        {
            book.Set(value.Setting, outcome);
            if (outcome.State == SettingState.Failed)
            {
                deadlines.Failed(value);
            }
        }

        return due.Count > 0;
    }

    /// <summary>Looks at everything once, does what is missing, and writes the status.</summary>
    public void Reconcile()
    {
        var start = time.GetTimestamp();
        try
        {
            Settle(objects.ReadSettings());
            problem = "";
        }
        catch (IOException e)
        {
            if (problem != e.Message)
            {
                LogUnreadable(e.Message);
            }

            problem = e.Message;
            FinishInterrupted();
        }

        // What was just written must be known before the wall clock can be set.
        _ = deadlines.Due();
        WriteStatus();
        metrics.Record(time.GetElapsedTime(start));
    }

    private void Settle(IReadOnlyList<SysctlSetting> settings)
    {
        var pods = objects.ReadPods();
        var results = settings.Select(setting => (Setting: setting, Result: check.Of(setting, pods, objects.Node))).ToList();

        // Who holds a place keeps it; else the first in the list has it.
        var owners = results.Where(r => r.Result.Claim is not null).GroupBy(r => r.Result.Claim!.Key)
            .ToDictionary(place => place.Key, place => place.FirstOrDefault(r => held.Find(place.Key)?.Setting == r.Setting.Name, place.First()).Setting.Name);

        var unknown = results.Where(r => r.Result.IsUnknown).Select(r => r.Setting.Name).ToHashSet(StringComparer.Ordinal);
        var wanted = settings.ToDictionary(setting => setting.Name, StringComparer.Ordinal);
        var unwanted = held.All.Where(value => !owners.ContainsKey(value.Key) && !unknown.Contains(value.Setting));
        var restored = new Dictionary<string, Outcome>(StringComparer.Ordinal);
        foreach (var (value, outcome) in holder.RestoreAll(unwanted, "no setting asks for another value there any more"))
        {
            restored[value.Setting] = outcome;
            if (!wanted.ContainsKey(value.Setting))
            {
                book.Set(value.Setting, outcome);
            }
        }

        foreach (var (setting, result) in results)
        {
            Enter(setting, Become(setting, result, owners, restored));
        }

        held.ForgetExpired((name, revertAt) => wanted.TryGetValue(name, out var setting) && setting.RevertAt == revertAt);
        var holding = held.All.Select(value => value.Setting).ToHashSet(StringComparer.Ordinal);
        book.Prune(wanted.ContainsKey, holding.Contains);
    }

    private Outcome Become(SysctlSetting setting, SettingCheck.Result result, Dictionary<HeldKey, string> owners, Dictionary<string, Outcome> restored)
    {
        if (result.Claim is { } claim)
        {
            return owners[claim.Key] == setting.Name
                ? holder.Apply(claim)
                : new Outcome(SettingState.Refused, $"{setting.Sysctl} in {claim.Target.Namespace.Path} is already set by setting {owners[claim.Key]}");
        }

        var outcome = result.Outcome!;
        if (result.HasExpired && book.Find(setting.Name) is { State: SettingState.Reverted or SettingState.Overridden or SettingState.NamespaceGone } ended)
        {
            return new Outcome(ended.State, ended.Message, ended.Before, ended.Value);
        }

        if (!restored.TryGetValue(setting.Name, out var undone))
        {
            return outcome;
        }

        return undone.State == SettingState.Failed
            ? undone with { Message = $"{outcome.Message}. What held before could not be put back: {undone.Message}" }
            : outcome with { Message = $"{outcome.Message}. Its earlier value: {undone.Message}", Before = undone.Before, Value = undone.Value };
    }

    private void Enter(SysctlSetting setting, Outcome outcome)
    {
        if (book.Set(setting.Name, outcome) && outcome.State is SettingState.Refused or SettingState.NamespaceGone or SettingState.Overridden)
        {
            metrics.Count(outcome.State == SettingState.Refused ? "refused" : "lost");
            LogNotApplied(setting.Name, setting.Sysctl, setting.Value, outcome.State, outcome.Message);
        }
    }

    /// <summary>What a killed process left between two values must not stay there only because the NodeTuning cannot be read.</summary>
    private void FinishInterrupted()
    {
        foreach (var value in held.All)
        {
            if (value.Phase is HeldPhase.Writing or HeldPhase.Restoring)
            {
                book.Set(value.Setting, holder.Finish(value));
            }
            else if (book.Find(value.Setting) is null)
            {
                book.Set(value.Setting, new Outcome(SettingState.Applied, "", value.Before, value.Written));
            }
        }
    }

    private void WriteStatus()
    {
        try
        {
            objects.WriteStatus(new NodeTuningStatus { ObservedAt = time.GetUtcNow(), Knobs = knobs, Settings = book.Entries, Problem = problem });
        }
        catch (IOException e)
        {
            metrics.CountStatusFailure();
            LogStatusFailed(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What should hold cannot be read; what holds goes on holding. {Problem}")]
    private partial void LogUnreadable(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Setting}: {Sysctl} = {Value} does not hold: {State}: {Reason}")]
    private partial void LogNotApplied(string setting, string sysctl, string value, SettingState state, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The status could not be written: {Problem}")]
    private partial void LogStatusFailed(string problem);
}
