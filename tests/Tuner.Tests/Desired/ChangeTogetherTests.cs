using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;
using NetPulse.Tuner.Knobs;

namespace NetPulse.Tuner.Tests.Desired;

/// <summary>Settings of one change: all hold, or none.</summary>
public sealed class ChangeTogetherTests : IDisposable
{
    private const string High = "net.ipv4.ipfrag_high_thresh";
    private const string Low = "net.ipv4.ipfrag_low_thresh";

    private readonly TestNode node = new();
    private readonly TestNamespace pod = new();
    private readonly (string High, string Low) before;

    public ChangeTogetherTests()
    {
        node.AddPod("archive-0", pod.Path);
        before = Values();
    }

    [KernelFact]
    public void Both_hold_and_both_are_put_back()
    {
        node.Want(Part(High, "16777216"), Part(Low, "12582912"));
        node.Turn();
        Assert.Equal(("16777216", "12582912"), Values());
        node.Want();
        node.Turn();
        Assert.Equal(before, Values());
    }

    [KernelFact]
    public void A_refused_one_keeps_the_other_from_being_written()
    {
        node.Want(Part(High, "16777216"), Part(Low, "1"));
        node.Turn();
        Assert.Equal(before, Values());
        Assert.Equal(SettingState.Refused, StatusOf(High).State);
        Assert.Contains("all of a change holds or nothing of it", StatusOf(High).Message, StringComparison.Ordinal);
        Assert.Contains("out of range", StatusOf(Low).Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void One_that_becomes_unacceptable_takes_the_other_back()
    {
        node.Want(Part(High, "16777216"), Part(Low, "12582912"));
        node.Turn();
        node.Want(Part(High, "16777216"), Part(Low, "1"));
        node.Turn();
        Assert.Equal(before, Values());
    }

    [KernelFact]
    public void One_that_an_administrator_changes_is_left_alone_and_the_other_is_put_back()
    {
        node.Want(Part(High, "16777216"), Part(Low, "12582912"));
        node.Turn();
        pod.Write(Low, "2000000");
        node.Turn();
        node.Turn();
        Assert.Equal((before.High, "2000000"), Values());
        Assert.Equal(SettingState.Overridden, StatusOf(Low).State);
        Assert.Equal(SettingState.Refused, StatusOf(High).State);
    }

    [KernelFact]
    public void Where_the_kernel_refuses_the_second_the_first_is_put_back_and_not_tried_again_as_it_is()
    {
        using var other = new TestNode(new KnobTable(
        [
            KnobTable.Accepted.Find(High)!,
            new Knob("net.ipv4.tcp_ecn", new KnobValue.Numbers("mode", 1, 0, 1000), SysctlScope.Namespace, SysctlEffect.Live, "", ""),
        ]));
        other.AddPod("archive-0", pod.Path);
        var ecn = pod.Read("net.ipv4.tcp_ecn");
        other.Want(Part(High, "16777216"), Part("net.ipv4.tcp_ecn", "999"));
        other.Turn();
        Assert.Equal((before, ecn), (Values(), pod.Read("net.ipv4.tcp_ecn")));
        Assert.Equal(SettingState.Refused, StatusOf(High, other).State);

        other.Turn();
        var lines = File.ReadAllLines(other.HeldFile);
        other.Turn();
        Assert.Equal(lines, File.ReadAllLines(other.HeldFile));

        other.Want(Part(High, "16777216"), Part("net.ipv4.tcp_ecn", "1"));
        other.Turn();
        Assert.Equal(("16777216", "1"), (Values().High, pod.Read("net.ipv4.tcp_ecn")));
        other.Want();
        other.Turn();
    }

    [KernelFact]
    public void Values_that_do_not_fit_each_other_are_refused_and_those_of_one_change_are_looked_at_together()
    {
        node.Want(Part(Low, "12582912"));
        node.Turn();
        Assert.Contains($"{Low} = 12582912 may be at most {High} = {before.High}", StatusOf(Low).Message, StringComparison.Ordinal);
        Assert.Equal(before, Values());
    }

    [KernelFact]
    public void Killed_between_the_two_the_other_is_written_by_the_next()
    {
        node.Want(Part(High, "16777216"));
        node.Turn();
        node.Restart();
        node.Want(Part(High, "16777216"), Part(Low, "12582912"));
        node.Turn();
        Assert.Equal(("16777216", "12582912"), Values());
        node.Want();
        node.Turn();
        Assert.Equal(before, Values());
    }

    [KernelFact]
    public void For_a_workload_each_pod_has_all_or_nothing()
    {
        using var second = new TestNamespace();
        node.AddPod("archive-1", second.Path);
        var workload = new WorkloadReference { Namespace = "lab", Name = "archive" };
        node.Want(Part(High, "16777216") with { Pod = null, Workload = workload }, Part(Low, "12582912") with { Pod = null, Workload = workload });
        node.Turn();
        second.Write(Low, "2000000");
        node.Turn();
        Assert.Equal(("16777216", "12582912"), Values());
        Assert.Equal((before.High, "2000000"), (second.Read(High), second.Read(Low)));
    }

    public void Dispose()
    {
        node.Dispose();
        pod.Dispose();
    }

    private static SysctlSetting Part(string sysctl, string value) =>
        new() { Name = sysctl.Replace('_', '-'), Change = "change-1", Pod = new PodReference { Namespace = "lab", Name = "archive-0" }, Sysctl = sysctl, Value = value };

    private SettingStatus StatusOf(string sysctl, TestNode? on = null) => (on ?? node).StatusOf(sysctl.Replace('_', '-'));

    private (string High, string Low) Values() => (pod.Read(High), pod.Read(Low));
}
