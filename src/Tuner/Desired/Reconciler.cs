using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>Makes the node as its NodeTuning wants it: looks at everything anew each time, and does only what is missing.</summary>
public sealed partial class Reconciler
{
    /// <summary>A pod that has no network namespace by then has come to grief otherwise; it is looked at no more often than all others.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly INodeObjects objects;
    private readonly HeldValues held;
    private readonly ValueHolder holder;
    private readonly SettingCheck check;
    private readonly SettingGroups groups;
    private readonly KnobTrial trial;
    private readonly KnobTable table;
    private readonly NamespaceSysctls sysctls;
    private readonly Deadlines deadlines;
    private readonly StatusBook book;
    private readonly TunerMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private string problem = "";
    private NodeTuningStatus told = new();

    /// <summary>What the last whole look left holding; <see langword="null"/> where something was left to do.</summary>
    private IReadOnlyList<HeldValue>? settled;

    public Reconciler(
        INodeObjects objects,
        HeldValues held,
        ValueHolder holder,
        SettingCheck check,
        KnobTable table,
        KnobTrial trial,
        NamespaceSysctls sysctls,
        TunerMetrics metrics,
        TimeProvider time,
        ILogger<Reconciler> logger)
    {
        (this.objects, this.held, this.holder, this.check, this.metrics, this.time, this.logger) = (objects, held, holder, check, metrics, time, logger);
        (this.table, this.trial, this.sysctls) = (table, trial, sysctls);
        groups = new SettingGroups(held);
        deadlines = new Deadlines(held, time);
        book = new StatusBook(time);
        book.Load(objects.ReadStatus()?.Settings ?? []);
    }

    /// <summary>Whether a pod was given something and its network namespace is not there yet: worth looking again soon.</summary>
    public bool IsWaiting { get; private set; }

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

    /// <summary>Looks whether everything is as the last <see cref="Reconcile"/> left it, which takes a hundredth of its time, and says so in the status.</summary>
    /// <remarks>What is wanted, and of whom, is taken to be what it was then.</remarks>
    /// <returns>Whether it is; else nothing was done.</returns>
    public bool HoldsStill()
    {
        if (settled is null || held.All is var all && !all.SequenceEqual(settled) || !sysctls.AllHold([.. settled.Select(static value => (value.Target, value.Sysctl, value.Written))]))
        {
            return false;
        }

        WriteStatus(told with { ObservedAt = time.GetUtcNow() });
        return true;
    }

    /// <summary>Looks at everything once, does what is missing, and writes the status.</summary>
    public void Reconcile()
    {
        var start = time.GetTimestamp();
        settled = null;
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
        WriteStatus(new NodeTuningStatus { ObservedAt = time.GetUtcNow(), Knobs = KnobsHere(), Settings = book.Told, Problem = problem });
        metrics.Record(time.GetElapsedTime(start));
    }

    private void Settle(IReadOnlyList<SysctlSetting> settings)
    {
        var pods = objects.ReadPods();
        var expanded = settings.SelectMany(setting => WorkloadGrants.Expand(setting, pods, objects.Node)).ToList();
        var alone = expanded.Select(setting => (Setting: setting, Result: check.Of(setting, SettingGroups.Together(setting, expanded), pods, objects.Node))).ToList();
        var first = Owners(alone);
        var results = groups.Settle(alone, claim => first[claim.Key] == claim.Setting.Name);
        var owners = Owners(results);

        var unknown = results.Where(r => r.Result.IsUnknown).Select(r => r.Setting.Name).ToHashSet(StringComparer.Ordinal);
        var wanted = expanded.ToDictionary(setting => setting.Name, StringComparer.Ordinal);
        var wholes = settings.ToDictionary(setting => setting.Name, StringComparer.Ordinal);
        var unwanted = held.All.Where(value => !owners.ContainsKey(value.Key) && !unknown.Contains(value.Setting) && !IsOfUnreadPod(value, wholes, pods));
        var restored = new Dictionary<string, Outcome>(StringComparer.Ordinal);
        foreach (var (value, outcome) in holder.RestoreAll(unwanted, "no setting asks for another value there any more"))
        {
            restored[value.Setting] = outcome;
            if (!wanted.ContainsKey(value.Setting))
            {
                book.Set(value.Setting, outcome);
            }

            if (!wholes.ContainsKey(WorkloadGrants.NameOf(value.Setting)))
            {
                book.Set(WorkloadGrants.NameOf(value.Setting), outcome);
            }
        }

        var outcomes = results.Select(r => (r.Setting, r.Result, Outcome: Become(r.Setting, r.Result, owners, restored))).ToList();
        PutBackHalves(outcomes);
        foreach (var (setting, _, outcome) in outcomes)
        {
            Enter(setting, outcome);
        }

        foreach (var setting in settings.Where(setting => setting is { Workload: not null, Pod: null }))
        {
            book.Set(setting.Name, WorkloadGrants.Together(setting, [.. outcomes.Where(one => WorkloadGrants.NameOf(one.Setting.Name) == setting.Name).Select(one => (one.Setting.Name, one.Outcome))]));
        }

        IsWaiting = outcomes.Any(one => WorkloadGrants.IsForPodOfWorkload(one.Setting.Name) && one.Result.Claim is null && time.GetUtcNow() - book.Find(one.Setting.Name)!.Since < LongestWait);
        held.ForgetExpired((name, revertAt) => wholes.TryGetValue(WorkloadGrants.NameOf(name), out var setting) && setting.RevertAt == revertAt);
        var holding = held.All.Select(value => value.Setting).ToHashSet(StringComparer.Ordinal);
        settled = pods.Problems.Count == 0 && outcomes.All(static one => one.Outcome.State == SettingState.Applied) && held.All.All(static value => value.Phase == HeldPhase.Held) ? held.All : null;
        book.Prune(name => wanted.ContainsKey(name) || wholes.ContainsKey(name), name => holding.Contains(name), name => WorkloadGrants.IsForPodOfWorkload(name) && wholes.ContainsKey(WorkloadGrants.NameOf(name)));
    }

    /// <summary>Who holds a place keeps it; else the first in the list has it.</summary>
    private Dictionary<HeldKey, string> Owners(List<(SysctlSetting Setting, SettingCheck.Result Result)> results) =>
        results.Where(r => r.Result.Claim is not null).GroupBy(r => r.Result.Claim!.Key)
            .ToDictionary(place => place.Key, place => place.FirstOrDefault(r => held.Find(place.Key)?.Setting == r.Setting.Name, place.First()).Setting.Name);

    /// <summary>While a pod's file cannot be read, its workload's setting is neither wanted nor unwanted there.</summary>
    private static bool IsOfUnreadPod(HeldValue value, Dictionary<string, SysctlSetting> wholes, PodDirectory pods) =>
        pods.Problems.Count > 0 && WorkloadGrants.IsForPodOfWorkload(value.Setting) && wholes.ContainsKey(WorkloadGrants.NameOf(value.Setting));

    /// <summary>Where one of a change's settings could not be written after all, the others are put back.</summary>
    private void PutBackHalves(List<(SysctlSetting Setting, SettingCheck.Result Result, Outcome Outcome)> outcomes)
    {
        foreach (var change in outcomes.Where(one => one.Setting.Change is not null).GroupBy(one => one.Setting.Change).Where(change => change.Count() > 1).ToList())
        {
            if (change.FirstOrDefault(one => one.Result.Claim is not null && one.Outcome.State == SettingState.Failed) is not { Setting: { } broken } failed)
            {
                continue;
            }

            groups.Broke(broken);
            foreach (var half in change.Where(one => one.Outcome.State == SettingState.Applied).Reverse().ToList())
            {
                var undone = holder.RestoreAll(held.All.Where(value => value.Setting == half.Setting.Name), $"{broken.Sysctl} of the same change could not be written").Select(one => one.Outcome).First();
                outcomes[outcomes.IndexOf(half)] = half with
                {
                    Outcome = undone.State == SettingState.Failed ? undone : undone with { State = SettingState.Refused, Message = $"all of a change holds or nothing of it: {broken.Sysctl}: {failed.Outcome.Message}" },
                };
            }
        }
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
        if (result.HasExpired && Told(setting.Name) is { State: SettingState.Reverted or SettingState.Overridden or SettingState.NamespaceGone } ended)
        {
            return ended;
        }

        var undone = restored.GetValueOrDefault(setting.Name);
        if ((undone ?? (result.HasNoNamespace ? Told(setting.Name) : null)) is { State: SettingState.NamespaceGone } gone)
        {
            // The value went with its pod: nothing was refused.
            return gone;
        }

        if (undone is null)
        {
            return outcome;
        }

        return undone.State == SettingState.Failed
            ? undone with { Message = $"{outcome.Message}. What held before could not be put back: {undone.Message}" }
            : outcome with { Message = $"{outcome.Message}. Its earlier value: {undone.Message}", Before = undone.Before, Value = undone.Value };
    }

    private Outcome? Told(string name) => book.Find(name) is { } status ? new Outcome(status.State, status.Message, status.Before, status.Value) : null;

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

    private void WriteStatus(NodeTuningStatus status)
    {
        told = status;
        try
        {
            objects.WriteStatus(status);
        }
        catch (IOException e)
        {
            metrics.CountStatusFailure();
            LogStatusFailed(e.Message);
        }
    }

    private IReadOnlyList<KnobStatus> KnobsHere() =>
    [
        .. from knob in table.Knobs
           let numbers = knob.Value as KnobValue.Numbers
           let names = knob.Value as KnobValue.Names
           let scope = trial.ScopeOf(knob.Sysctl)
           select new KnobStatus
           {
               Sysctl = knob.Sysctl,
               Unit = knob.Value.Unit,
               Fields = numbers?.Fields ?? 1,
               Minimum = numbers?.Minimum ?? 0,
               Maximum = numbers?.Maximum ?? 0,
               PerNamespace = scope is SysctlScope.Namespace or SysctlScope.NamespaceInherited,
               Scope = scope,
               TakesEffect = knob.TakesEffect,
               Choices = names is null ? [] : ChoicesHere(names),
           },
    ];

    private IReadOnlyList<string> ChoicesHere(KnobValue.Names names)
    {
        try
        {
            return names.ChoicesOnNode(name => sysctls.Read(sysctls.Host(), name));
        }
        catch (IOException)
        {
            // Whatever keeps us from reading the node's own value is told by the settings that need it.
            return [];
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What should hold cannot be read; what holds goes on holding. {Problem}")]
    private partial void LogUnreadable(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Setting}: {Sysctl} = {Value} does not hold: {State}: {Reason}")]
    private partial void LogNotApplied(string setting, string sysctl, string value, SettingState state, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The status could not be written: {Problem}")]
    private partial void LogStatusFailed(string problem);
}
