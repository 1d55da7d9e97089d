using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Tests.Detection;

public sealed class AnnouncementsTests
{
    private static readonly WorkloadIdentity[] Workloads = [Examples.Upload(0).Owner, Examples.Upload(0).Peer, Examples.Upload(1).Peer, new("lab", "archive", "archive-2")];

    private readonly DetectionOptions options = new();

    [Fact]
    public void The_pods_of_the_first_look_are_no_news()
    {
        var announcements = Make();
        announcements.Observe(Cluster(0, "archive-0", "archive-1"), Workloads);
        Assert.False(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(0)));
    }

    [Theory]
    [InlineData("archive-0", "archive-1", "archive-2")]
    [InlineData("archive-0")]
    public void A_pod_that_came_or_went_is_announced_for_its_workload_and_who_talks_with_it(params string[] then)
    {
        var announcements = Make();
        announcements.Observe(Cluster(0, "archive-0", "archive-1"), Workloads);
        announcements.Observe(Cluster(1, then), Workloads);
        Assert.True(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(1)));
        Assert.True(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(6)));
        Assert.False(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(7)));
        Assert.False(Covers(announcements, new Subject.OfEdge(Examples.Upload(0) with { Peer = new("lab", "other", "other-0") }), At(1)));
    }

    [Fact]
    public void A_pod_that_changed_while_nobody_looked_is_announced_for_all_of_that_time()
    {
        var before = Make();
        before.Observe(Cluster(0, "archive-0", "archive-1"), Workloads);
        var after = Make();
        after.Resume(before.Save());
        after.Observe(Cluster(20, "archive-0"), Workloads);
        Assert.True(Covers(after, new Subject.OfEdge(Examples.Upload(0)), At(1)));
        Assert.True(Covers(after, new Subject.OfEdge(Examples.Upload(0)), At(25)));
        Assert.False(Covers(after, new Subject.OfEdge(Examples.Upload(0)), At(26)));
        Assert.True(Covers(after, new Subject.OfPod("node-1", Examples.Upload(0).Peer), At(10)));
        Assert.False(Covers(after, new Subject.OfNode("node-1"), At(10)));

        var unchanged = Make();
        unchanged.Resume(before.Save());
        unchanged.Observe(Cluster(20, "archive-0", "archive-1"), Workloads);
        Assert.False(Covers(unchanged, new Subject.OfEdge(Examples.Upload(0)), At(1)));
    }

    [Fact]
    public void A_change_is_remembered_over_a_restart_and_a_first_start_knows_of_none()
    {
        var before = Make();
        before.Resume(Make().Save());
        before.Observe(Cluster(0, "archive-0", "archive-1"), Workloads);
        Assert.False(Covers(before, new Subject.OfEdge(Examples.Upload(0)), At(0)));
        before.Observe(Cluster(1, "archive-0"), Workloads);
        var after = Make();
        after.Resume(before.Save());
        Assert.True(Covers(after, new Subject.OfEdge(Examples.Upload(0)), At(2)));
    }

    [Fact]
    public void A_new_pod_is_announced_once_its_traffic_tells_whose_it_is()
    {
        var announcements = Make();
        announcements.Observe(Cluster(0, "archive-0"), []);
        announcements.Observe(Cluster(1, "archive-0", "archive-2"), []);
        Assert.False(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(2)));
        announcements.Observe(Cluster(2, "archive-0", "archive-2"), Workloads);
        Assert.True(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(2)));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("lab", true)]
    [InlineData("shop", false)]
    public void A_maintenance_window_is_announced_for_its_namespaces_and_for_all_without_any(string @namespace, bool expected)
    {
        options.Maintenance.Add(new MaintenanceOptions { From = At(10), To = At(20), Namespaces = @namespace.Length == 0 ? [] : [@namespace] });
        var announcements = Make();
        Assert.False(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(9)));
        Assert.Equal(expected, Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(10)));
        Assert.Equal(expected, Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(20)));
        Assert.False(Covers(announcements, new Subject.OfEdge(Examples.Upload(0)), At(21)));
    }

    private static bool Covers(Announcements announcements, Subject subject, DateTimeOffset at) => announcements.Of(subject).Any(span => at >= span.From && at <= span.To);

    private static DateTimeOffset At(int minute) => Examples.Now.AddMinutes(minute);

    private static ClusterSnapshot Cluster(int minute, params string[] pods) => Examples.Cluster() with { At = At(minute), Pods = [.. pods.Select(Examples.Pod)] };

    private Announcements Make() => new(Options.Create(options));
}
