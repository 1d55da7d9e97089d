using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;

namespace NetPulse.Tuner.Tests.Desired;

/// <summary>What a workload was granted, each of its pods has.</summary>
public sealed class WorkloadGrantTests : IDisposable
{
    private const string Sysctl = "net.core.somaxconn";
    private const string Granted = "8192";

    private readonly TestNode node = new();
    private readonly TestNamespace first = new();
    private readonly TestNamespace second = new();
    private readonly string before;

    public WorkloadGrantTests()
    {
        before = first.Read(Sysctl);
        node.AddPod("archive-0", first.Path);
    }

    [KernelFact]
    public void A_pod_that_comes_later_has_it_and_a_removed_grant_is_put_back_everywhere()
    {
        node.Want(Grant());
        node.Turn();
        Assert.Equal(Granted, first.Read(Sysctl));

        node.AddPod("archive-1", second.Path);
        node.Turn();
        Assert.Equal(Granted, second.Read(Sysctl));
        var status = node.StatusOf("grant-1");
        Assert.Equal((SettingState.Applied, before, Granted), (status.State, status.Before, status.Value));
        Assert.StartsWith("holds in 2 of 2 pods of lab/archive; it counts at the next listen()", status.Message, StringComparison.Ordinal);
        Assert.Single(node.Status.Settings);

        node.Want();
        node.Turn();
        Assert.Equal((before, before), (first.Read(Sysctl), second.Read(Sysctl)));
        Assert.Equal(SettingState.Reverted, node.StatusOf("grant-1").State);
        Assert.Empty(node.Held.All);
    }

    [KernelFact]
    public void Pods_of_others_are_not_touched()
    {
        node.AddPod("other-0", second.Path);
        node.Want(Grant());
        node.Turn();
        Assert.Equal(before, second.Read(Sysctl));
    }

    [KernelFact]
    public void A_pod_whose_namespace_is_not_there_yet_is_waited_for_for_a_minute()
    {
        second.Delete();
        node.AddPod("archive-1", second.Path);
        node.Want(Grant());
        node.Turn();
        Assert.True(node.Reconciler.IsWaiting);
        Assert.Contains("holds in 1 of 2 pods", node.StatusOf("grant-1").Message, StringComparison.Ordinal);

        second.Add();
        node.Turn();
        Assert.False(node.Reconciler.IsWaiting);
        Assert.Equal(Granted, second.Read(Sysctl));

        second.Delete();
        node.Turn();
        node.Clock.Advance(TimeSpan.FromSeconds(61));
        node.Turn();
        Assert.False(node.Reconciler.IsWaiting);
        second.Add();
    }

    [KernelFact]
    public void A_workload_without_pods_here_is_no_fault()
    {
        node.Want(Grant(workload: "batch"));
        node.Turn();
        var status = node.StatusOf("grant-1");
        Assert.Equal(SettingState.Applied, status.State);
        Assert.Contains("no pod of lab/batch runs here", status.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_pod_that_ends_is_no_news_and_a_file_that_cannot_be_read_puts_nothing_back()
    {
        node.AddPod("archive-1", second.Path);
        node.Want(Grant());
        node.Turn();
        File.WriteAllText(node.PodFile("archive-1"), "kind: [");
        node.Turn();
        Assert.Equal(Granted, second.Read(Sysctl));

        File.Delete(node.PodFile("archive-1"));
        node.Turn();
        Assert.Equal(before, second.Read(Sysctl));
        Assert.Single(node.Status.Settings);
    }

    [KernelFact]
    public void What_an_administrator_writes_in_one_pod_is_left_alone_and_told()
    {
        node.AddPod("archive-1", second.Path);
        node.Want(Grant());
        node.Turn();
        second.Write(Sysctl, "5000");
        node.Turn();
        Assert.Equal((Granted, "5000"), (first.Read(Sysctl), second.Read(Sysctl)));
        Assert.Equal(SettingState.Applied, node.StatusOf("grant-1").State);
        Assert.Contains("lab/archive-1: Overridden", node.StatusOf("grant-1").Message, StringComparison.Ordinal);
        Assert.Equal(SettingState.Overridden, node.StatusOf("grant-1/lab/archive-1").State);

        node.Restart();
        node.Want();
        node.Turn();
        Assert.Equal((before, "5000"), (first.Read(Sysctl), second.Read(Sysctl)));
    }

    [KernelFact]
    public void Its_end_and_a_restart_count_for_every_pod()
    {
        node.AddPod("archive-1", second.Path);
        node.Want(Grant() with { RevertAt = node.Clock.GetUtcNow().AddSeconds(30) });
        node.Turn();
        node.Restart();
        node.Clock.Advance(TimeSpan.FromSeconds(31));
        node.Turn();
        Assert.Equal((before, before), (first.Read(Sysctl), second.Read(Sysctl)));
        Assert.Equal(SettingState.Reverted, node.StatusOf("grant-1").State);
        node.Restart();
        node.Turn();
        Assert.Equal((before, before), (first.Read(Sysctl), second.Read(Sysctl)));
        Assert.Empty(node.Held.All);
    }

    [KernelFact]
    public void A_single_pod_s_setting_hands_its_value_over_to_the_grant()
    {
        node.Want(new SysctlSetting { Name = "canary-1", Pod = new PodReference { Namespace = "lab", Name = "archive-0" }, Sysctl = Sysctl, Value = Granted });
        node.Turn();
        node.Want(Grant());
        node.Turn();
        Assert.Equal(Granted, first.Read(Sysctl));
        Assert.Equal(before, Assert.Single(node.Held.All).Before);
        node.Want();
        node.Turn();
        Assert.Equal(before, first.Read(Sysctl));
    }

    [KernelFact]
    public void What_an_administrator_wrote_over_the_single_pods_value_is_left_alone_by_the_grant_too()
    {
        node.Want(new SysctlSetting { Name = "canary-1", Pod = new PodReference { Namespace = "lab", Name = "archive-0" }, Sysctl = Sysctl, Value = Granted });
        node.Turn();
        first.Write(Sysctl, "5000");
        node.Want(Grant());
        node.Turn();
        Assert.Equal(("5000", SettingState.Overridden), (first.Read(Sysctl), node.StatusOf("grant-1").State));
        node.Want();
        node.Turn();
        Assert.Equal("5000", first.Read(Sysctl));
    }

    [KernelFact]
    public void A_pod_that_stands_in_two_files_is_given_it_once()
    {
        File.Copy(node.PodFile("archive-0"), node.PodFile("archive-0-copy"));
        node.Want(Grant());
        node.Turn();
        Assert.Equal(Granted, first.Read(Sysctl));
        Assert.StartsWith("holds in 1 of 1 pods", node.StatusOf("grant-1").Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        node.Dispose();
        first.Dispose();
        second.Dispose();
    }

    private static SysctlSetting Grant(string workload = "archive") =>
        new() { Name = "grant-1", Workload = new WorkloadReference { Namespace = "lab", Name = workload }, Sysctl = Sysctl, Value = Granted };
}
