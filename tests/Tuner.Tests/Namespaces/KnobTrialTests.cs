using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Sysctls;
using NetPulse.Tests;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Tests.Namespaces;

public sealed class KnobTrialTests
{
    /// <summary>Fixtures/scopes-6.18.json was measured there, with the node's values changed for a moment too.</summary>
    private static readonly bool IsMeasuredKernel = File.ReadAllText("/proc/sys/kernel/osrelease").StartsWith("6.18.", StringComparison.Ordinal);

    [KernelFact]
    public void What_is_found_on_the_running_kernel_is_what_was_measured_there()
    {
        var trial = new KnobTrial(KnobTable.Accepted, NullLogger<KnobTrial>.Instance);
        trial.Run();
        var measured = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Repository.Root(), "tests", "Tuner.Tests", "Fixtures", "scopes-6.18.json")))!;
        Assert.All(measured, row =>
        {
            var found = trial.ScopeOf(row.Key);
            Assert.True(found == SysctlScope.Absent || !IsMeasuredKernel || found.ToString() == row.Value, $"{row.Key}: found {found}, measured {row.Value}");
        });
        Assert.Equal(SysctlScope.Node, trial.ScopeOf("net.ipv4.neigh.default.gc_thresh3"));
        Assert.NotEqual(SysctlScope.Node, trial.ScopeOf("net.ipv4.conf.eth0.rp_filter"));
    }

    [KernelFact]
    public void The_running_kernel_is_believed_and_not_the_table()
    {
        var wrong = new KnobTable([.. KnobTable.Accepted.Knobs.Select(knob => knob with
        {
            Scope = knob.Scope is SysctlScope.Node ? SysctlScope.Namespace : SysctlScope.Node,
        })]);
        var trial = new KnobTrial(wrong, NullLogger<KnobTrial>.Instance);
        trial.Run();
        Assert.Equal(SysctlScope.Node, trial.ScopeOf("net.core.rmem_max"));
        Assert.Equal(SysctlScope.Namespace, trial.ScopeOf("net.ipv4.tcp_retries2"));
        Assert.Equal(SysctlScope.Absent, trial.ScopeOf("net.ipv4.no_such_thing"));
    }

    [KernelFact]
    public void A_trial_changes_nothing_of_the_node()
    {
        using var thread = new NetworkNamespaceThread();
        var before = thread.Run(NetworkNamespaceList.Host(), static () => Pinned.Select(Sysctl.Read).ToList());
        new KnobTrial(KnobTable.Accepted, NullLogger<KnobTrial>.Instance).Run();
        Assert.Equal(before, thread.Run(NetworkNamespaceList.Host(), static () => Pinned.Select(Sysctl.Read).ToList()));
    }

    /// <summary>Each kind of value once; none that another test changes for the whole node.</summary>
    private static IEnumerable<string> Pinned => ["net.ipv4.tcp_notsent_lowat", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_congestion_control", "net.ipv4.ip_local_reserved_ports"];
}
