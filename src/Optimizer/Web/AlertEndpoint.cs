using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using NetPulse.Hosting;
using NetPulse.Optimizer.Schedule;

namespace NetPulse.Optimizer.Web;

/// <summary>Alertmanager's webhook: an alert that fires is a reason to look now, and not at the next time of the schedule.</summary>
/// <remarks>What the alert says is logged and believed no further: a run finds its own causes, in what was measured.</remarks>
internal static class AlertEndpoint
{
    /// <summary>Alertmanager's own groups are far smaller.</summary>
    private const int MaxBodyBytes = 1 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void MapAlerts(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/api/v1/alerts", static async (HttpContext context, RunDemand demand, AlertLog log, OptimizerMeter meter, CancellationToken cancellationToken) =>
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = MaxBodyBytes;
            }

            AlertMessage? message;
            try
            {
                message = await JsonSerializer.DeserializeAsync<AlertMessage>(context.Request.Body, Json, cancellationToken);
            }
            catch (JsonException e)
            {
                return Results.Text($"this is not Alertmanager's message: {e.Message}\n", statusCode: StatusCodes.Status400BadRequest);
            }
            catch (BadHttpRequestException e)
            {
                return Results.Text(e.Message + "\n", statusCode: e.StatusCode);
            }

            if (message is not { Version: AlertMessage.KnownVersion, Alerts.IsDefault: false })
            {
                return Results.Text($"this is not Alertmanager's message of version {AlertMessage.KnownVersion}, with alerts\n", statusCode: StatusCodes.Status400BadRequest);
            }

            var firing = message.Alerts.Where(static alert => alert.Status == Alert.Firing).ToImmutableArray();
            meter.AlertsReceived(firing.Length, message.Alerts.Length - firing.Length);
            if (firing.IsEmpty)
            {
                return Results.NoContent();
            }

            log.Received(firing, await demand.ForAlertAsync(cancellationToken));
            return Results.Accepted();
        }).WithMetadata(AccessRule.Run);
}

/// <summary>What Alertmanager posts, as far as we read it.</summary>
internal sealed record AlertMessage(string? Version, ImmutableArray<Alert> Alerts)
{
    /// <summary>Of all that Alertmanager has sent since 0.7.</summary>
    public const string KnownVersion = "4";
}

/// <param name="Status"><c>firing</c> or <c>resolved</c>.</param>
internal sealed record Alert(string? Status, ImmutableDictionary<string, string>? Labels)
{
    public const string Firing = "firing";

    public string Name => Labels?.GetValueOrDefault("alertname") ?? "";
}

internal sealed partial class AlertLog(ILogger<AlertLog> logger)
{
    private const int NamesShown = 10;

    public void Received(ImmutableArray<Alert> firing, DateTimeOffset? runAt)
    {
        var names = string.Join(", ", firing.Select(static alert => alert.Name).Distinct(StringComparer.Ordinal).Take(NamesShown));
        if (runAt is { } at)
        {
            LogRun(firing.Length, names, at);
        }
        else
        {
            LogJoined(firing.Length, names);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} alerts fire ({Names}): a run begins at {At:HH:mm:ss}")]
    private partial void LogRun(int count, string names, DateTimeOffset at);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} alerts fire ({Names}): a run is waiting already")]
    private partial void LogJoined(int count, string names);
}
