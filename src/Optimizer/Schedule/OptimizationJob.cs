using System.Diagnostics;
using System.Diagnostics.Metrics;
using NetPulse.Kubernetes.Leases;
using NetPulse.Optimizer.Policies.Live;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

/// <summary>One scheduled or demanded run, or a look at the open changes in between. None overlap; one that fails is told of and the next one starts anew.</summary>
[DisallowConcurrentExecution]
internal sealed partial class OptimizationJob(OptimizationRun run, PolicyRounds policies, OptimizerMeter meter, ILogger<OptimizationJob> logger) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            if (context.Trigger.Key.Name == RunKeys.BetweenName)
            {
                await run.FollowAsync(cancellationToken);
                await policies.FollowAsync(cancellationToken);
                return;
            }

            await run.RunAsync(cancellationToken);
            await policies.RunAsync(cancellationToken);
            meter.RunEnded("success", Stopwatch.GetElapsedTime(started));
        }
        catch (LeadershipLostException e)
        {
            meter.RunEnded("deposed", Stopwatch.GetElapsedTime(started));
            LogDeposed(e.Message);
        }
#pragma warning disable CA1031 // The scheduler would log any other and go on as well, but count nothing.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            meter.RunEnded("failure", Stopwatch.GetElapsedTime(started));
            LogRunFailed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run ended midway: {Reason}")]
    private partial void LogDeposed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The run failed and changed nothing further; the next one takes up what is open")]
    private partial void LogRunFailed(Exception exception);
}

/// <summary>The optimizer's own metrics.</summary>
public sealed class OptimizerMeter : IDisposable
{
    public const string Name = "NetPulse.Optimizer";

    private readonly Meter meter = new(Name);
    private readonly Counter<long> runs;
    private readonly Counter<double> seconds;
    private readonly Counter<long> alerts;

    public OptimizerMeter()
    {
        runs = meter.CreateCounter<long>("netpulse_optimizer_runs", description: "Optimization runs by result.");
        seconds = meter.CreateCounter<double>("netpulse_optimizer_run_seconds", "seconds", "Time spent in optimization runs.");
        alerts = meter.CreateCounter<long>("netpulse_optimizer_alerts", description: "Alerts that Alertmanager's webhook has told of, by status.");
    }

    public void RunEnded(string result, TimeSpan duration)
    {
        runs.Add(1, new KeyValuePair<string, object?>("result", result));
        seconds.Add(duration.TotalSeconds);
    }

    public void AlertsReceived(int firing, int resolved)
    {
        alerts.Add(firing, new KeyValuePair<string, object?>("status", "firing"));
        alerts.Add(resolved, new KeyValuePair<string, object?>("status", "resolved"));
    }

    public void Dispose() => meter.Dispose();
}
