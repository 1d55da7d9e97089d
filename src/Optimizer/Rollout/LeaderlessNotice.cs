using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Where nobody can lead because the Lease is forbidden, somebody must say so: no run of a leader does.</summary>
internal sealed class LeaderlessNotice(Leader leader, PolicyConditions conditions, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(LookEvery, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            if (leader is { Current: null, IsForbidden: true })
            {
                await conditions.WriteLeaderlessAsync(stoppingToken);
            }
        }
    }
}
