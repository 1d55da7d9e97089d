using System.Diagnostics;
using System.Diagnostics.Metrics;
using NetPulse.Kubernetes.Leases;
using NetPulse.Optimizer.Policies.Live;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

/// <summary>One scheduled or demanded run, or a look at the open changes in between. None overlap; one that fails is told of and the next one starts anew.</summary>
[DisallowConcurrentExecution]
internal sealed partial class OptimizationJob(OptimizationRun run, PolicyRounds policies, OptimizerMeter meter, ToldProblems told, ILogger<OptimizationJob> logger) : IJob
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
            foreach (var problem in told.Replace(run.Latest.Problems))
            {
                LogProblem(problem);
            }

            await LookAtPoliciesAsync(cancellationToken);
            meter.RunEnded("success", Stopwatch.GetElapsedTime(started));
        }
        catch (LeadershipLostException e)
        {
            meter.RunEnded("deposed", Stopwatch.GetElapsedTime(started));
            LogDeposed(e.Message);
        }
        catch (IOException e)
        {
            meter.RunEnded("failure", Stopwatch.GetElapsedTime(started));
            if (told.Add(e.Message))
            {
                LogRunFailedBy(e.Message);
            }
        }
#pragma warning disable CA1031 // The scheduler would log any other and go on as well, but count nothing.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            meter.RunEnded("failure", Stopwatch.GetElapsedTime(started));
            LogRunFailed(e);
        }
    }

    private async Task LookAtPoliciesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await policies.RunAsync(cancellationToken);
            run.PoliciesProblem = "";
        }
        catch (IOException e)
        {
            // The next run says so where it says everything.
            run.PoliciesProblem = e.Message;
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run ended midway: {Reason}")]
    private partial void LogDeposed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "As long as it lasts, not all can be done: {Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The run failed and changed nothing further; the next one takes up what is open: {Problem}")]
    private partial void LogRunFailedBy(string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The run failed and changed nothing further; the next one takes up what is open")]
    private partial void LogRunFailed(Exception exception);
}

/// <summary>What the log was told of: a role or a store that is missing for hours is one line. For one job at a time.</summary>
internal sealed class ToldProblems
{
    private HashSet<string> told = new(StringComparer.Ordinal);

    /// <returns>Whether it is news.</returns>
    public bool Add(string problem) => told.Add(problem);

    /// <returns>Those that are news; what is not among them has ended.</returns>
    public IReadOnlyList<string> Replace(IReadOnlyCollection<string> problems)
    {
        var news = problems.Where(problem => !told.Contains(problem)).ToList();
        told = problems.ToHashSet(StringComparer.Ordinal);
        return news;
    }
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
