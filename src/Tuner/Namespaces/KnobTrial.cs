using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Sysctls;
using NetPulse.Tuner.Knobs;

namespace NetPulse.Tuner.Namespaces;

/// <summary>Finds out on the running kernel whose value each knob is, in a network namespace that is made for it and gone afterwards.</summary>
/// <remarks>
/// In that namespace each knob is looked for, opened for writing and given a neighbouring value; then it is compared with the node's. Nothing of the node
/// is written. Where the new namespace has the node's value, that may be inheritance or the kernel's default: then the table's word counts, until the
/// node has another value (docs/decisions/who-writes-sysctls.md).
/// </remarks>
public sealed partial class KnobTrial(KnobTable knobs, ILogger<KnobTrial> logger)
{
    private ImmutableDictionary<string, SysctlScope> found = ImmutableDictionary<string, SysctlScope>.Empty;

    /// <summary>As it was found out; what the table says where it could not be tried.</summary>
    /// <param name="sysctl">Of the table, by its own name or an interface's.</param>
    public SysctlScope ScopeOf(string sysctl) =>
        knobs.Knobs.FirstOrDefault(row => row.Sysctl == sysctl || row.IsNamed(sysctl)) is not { } row ? SysctlScope.Absent
        : found.TryGetValue(row.TriedAs, out var scope) ? scope
        : row.Scope;

    /// <summary>Tries every knob; one that fails keeps what was known of it.</summary>
    public void Run()
    {
        using var thread = new NetworkNamespaceThread();
        var host = NetworkNamespaceList.Host();
        try
        {
            var before = thread.Run(host, () => ReadAll(knobs.Knobs));
            var tried = thread.RunInNew(() => knobs.Knobs.Select(TryHere).ToList());
            var after = thread.Run(host, () => ReadAll(knobs.Knobs));
            for (var i = 0; i < knobs.Knobs.Length; i++)
            {
                var knob = knobs.Knobs[i];
                if (tried[i].Written is { } written && after[i] == written && before[i] != written)
                {
                    // No kernel that we know does this; the node must have its own value back at once.
                    thread.Run(host, () => Sysctl.Write(knob.TriedAs, before[i]!));
                    LogLeaked(knob.Sysctl);
                    found = found.SetItem(knob.TriedAs, SysctlScope.Node);
                    continue;
                }

                found = found.SetItem(knob.TriedAs, Judge(knob, after[i], tried[i]));
            }
        }
        catch (IOException e)
        {
            LogNotTried(e);
        }
    }

    private static SysctlScope Judge(Knob knob, string? node, Attempt attempt) => (node, attempt) switch
    {
        (null, _) => SysctlScope.Absent,
        (_, { Fresh: null } or { IsWritable: false }) => SysctlScope.Node,
        _ when attempt.Fresh != node => SysctlScope.Namespace,
        _ => knob.Scope == SysctlScope.NamespaceInherited ? SysctlScope.NamespaceInherited : SysctlScope.Namespace,
    };

    private static List<string?> ReadAll(ImmutableArray<Knob> knobs) => [.. knobs.Select(knob => ReadHere(knob.TriedAs))];

    private static string? ReadHere(string sysctl)
    {
        try
        {
            return Sysctl.Read(sysctl);
        }
        catch (SysctlException)
        {
            return null;
        }
    }

    private static Attempt TryHere(Knob knob)
    {
        if (ReadHere(knob.TriedAs) is not { } fresh)
        {
            return new Attempt(null, false, null);
        }

        try
        {
            Sysctl.RequireWritable(knob.TriedAs);
        }
        catch (SysctlException)
        {
            return new Attempt(fresh, false, null);
        }

        if (knob.Value.Neighbour(fresh) is not { } neighbour)
        {
            return new Attempt(fresh, true, null);
        }

        try
        {
            Sysctl.Write(knob.TriedAs, neighbour);
            return new Attempt(fresh, true, ReadHere(knob.TriedAs));
        }
        catch (SysctlException)
        {
            // The kernel refused this value, not the file.
            return new Attempt(fresh, true, null);
        }
    }

    /// <param name="Fresh">What a new namespace has; <see langword="null"/> when it has none.</param>
    /// <param name="IsWritable">Whether it may be opened for writing there.</param>
    /// <param name="Written">What held there after another value was written; <see langword="null"/> when none was.</param>
    private sealed record Attempt(string? Fresh, bool IsWritable, string? Written);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No network namespace could be made to find out whose value each sysctl is; the table's word counts")]
    private partial void LogNotTried(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sysctl}: on this kernel a namespace's value reaches the node; it was put back, and is treated as the node's")]
    private partial void LogLeaked(string sysctl);
}
