using System.Text.Json;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Optimizer.Ingest;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Queries;

/// <summary>Prometheus's HTTP query API, so that Grafana and whatever else asks a Prometheus can ask us.</summary>
/// <remarks>Source: prometheus.io/docs/prometheus/latest/querying/api. Errors have its shape, its types and its status codes.</remarks>
internal sealed partial class PrometheusApi(IPromQl queries, OpenedStore store, QueryTurns turns, IOptions<QueryOptions> options, TimeProvider time, ILogger<PrometheusApi> logger)
{
    private const string Path = "/api/v1";

    /// <summary>The version whose answers ours are compared with: Grafana asks for it to know what it may ask.</summary>
    private const string Version = "2.42.0";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Post];

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods($"{Path}/query", Methods, static (HttpContext context, PrometheusApi api) => api.AnswerAsync(context, api.QueryAsync)).WithMetadata(AccessRule.Read);
        endpoints.MapMethods($"{Path}/query_range", Methods, static (HttpContext context, PrometheusApi api) => api.AnswerAsync(context, api.QueryRangeAsync)).WithMetadata(AccessRule.Read);
        endpoints.MapMethods($"{Path}/series", Methods, static (HttpContext context, PrometheusApi api) => api.AnswerAsync(context, api.SeriesAsync)).WithMetadata(AccessRule.Read);
        endpoints.MapMethods($"{Path}/labels", Methods, static (HttpContext context, PrometheusApi api) => api.AnswerAsync(context, api.LabelsAsync)).WithMetadata(AccessRule.Read);
        endpoints.MapGet($"{Path}/label/{{name}}/values", static (HttpContext context, PrometheusApi api, string name) =>
            api.AnswerAsync(context, (request, answer, cancellationToken) => api.LabelValuesAsync(name, request, answer, cancellationToken)));
        endpoints.MapGet($"{Path}/metadata", static (HttpContext context, PrometheusApi api) =>
            api.AnswerAsync(context, static (request, answer, cancellationToken) => answer.WriteAsync(Defined(request), cancellationToken)));
        endpoints.MapGet($"{Path}/status/buildinfo", static () =>
            Success(new { version = Version, revision = $"NetPulse {typeof(PrometheusApi).Assembly.GetName().Version!.ToString(3)}", branch = "", buildUser = "", buildDate = "", goVersion = "" }));
    }

    /// <summary>What is known of our own metrics; senders' metadata is not kept.</summary>
    private static IEnumerable<MetricDefinition> Defined(QueryRequest request) => MetricTable.All
        .Where(one => request.Metric is not { } name || one.Name == name)
        .OrderBy(static one => one.Name, StringComparer.Ordinal).Take(request.Limit ?? int.MaxValue);

    private static IResult Success(object data) => Results.Json(new { status = "success", data });

    private async Task QueryAsync(QueryRequest request, AnswerWriter answer, CancellationToken cancellationToken)
    {
        var query = request.Query;
        var at = request.At;
        await turns.RunAsync(request.Timeout, async token => await answer.WriteAsync(await queries.QueryAsync(query, at, token), token), cancellationToken);
    }

    private async Task QueryRangeAsync(QueryRequest request, AnswerWriter answer, CancellationToken cancellationToken)
    {
        var query = request.Query;
        var steps = request.Steps;
        await turns.RunAsync(request.Timeout, async token => await answer.WriteAsync(await queries.QueryRangeAsync(query, steps, token), token), cancellationToken);
    }

    private async Task SeriesAsync(QueryRequest request, AnswerWriter answer, CancellationToken cancellationToken)
    {
        if (request.Selectors.Count == 0)
        {
            throw new PromQlException(PromQlFault.Refused, "no match[] parameter provided");
        }

        var found = await turns.RunAsync(request.Timeout, token => store.Samples.SeriesAsync(request.Selectors, request.Range, token), cancellationToken);
        if (found.Count > options.Value.MaxSeries)
        {
            throw new PromQlException(PromQlFault.TooLarge, $"{found.Count} series match; {options.Value.MaxSeries} are allowed (query.maxSeries): select fewer");
        }

        var sorted = found.ToList();
        sorted.Sort(LabelOrder.Compare);
        await answer.WriteAsync(sorted.Take(request.Limit ?? int.MaxValue), cancellationToken);
    }

    private async Task LabelsAsync(QueryRequest request, AnswerWriter answer, CancellationToken cancellationToken)
    {
        var names = await turns.RunAsync(request.Timeout, token => store.Samples.LabelNamesAsync(request.Selectors, request.Range, token), cancellationToken);
        await answer.WriteAsync(names.Order(StringComparer.Ordinal).Take(request.Limit ?? int.MaxValue), cancellationToken);
    }

    private async Task LabelValuesAsync(string name, QueryRequest request, AnswerWriter answer, CancellationToken cancellationToken)
    {
        var values = await turns.RunAsync(request.Timeout, token => store.Samples.LabelValuesAsync(name, request.Selectors, request.Range, token), cancellationToken);
        await answer.WriteAsync(values.Order(StringComparer.Ordinal).Take(request.Limit ?? int.MaxValue), cancellationToken);
    }

    private async Task AnswerAsync(HttpContext context, Func<QueryRequest, AnswerWriter, CancellationToken, Task> answer)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        using var writer = new AnswerWriter(context.Response.BodyWriter);
        try
        {
            await answer(await QueryRequest.ReadAsync(context, time.GetUtcNow()), writer, context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // nobody is there to be told
        }
        catch (Exception e) when (!context.Response.HasStarted && Refusal(e) is not null)
        {
            var (status, type) = Refusal(e)!.Value;
            if (status == StatusCodes.Status500InternalServerError)
            {
                LogFailed(e);
            }

            context.Response.StatusCode = status;
            await JsonSerializer.SerializeAsync(context.Response.Body, new { status = "error", errorType = type, error = e.Message }, JsonSerializerOptions.Web, context.RequestAborted);
        }
    }

    private static (int Status, string Type)? Refusal(Exception e) => e switch
    {
        PromQlException { Fault: PromQlFault.Refused } => (StatusCodes.Status400BadRequest, "bad_data"),
        PromQlException => (StatusCodes.Status422UnprocessableEntity, "execution"),
        TimeoutException => (StatusCodes.Status503ServiceUnavailable, "timeout"),
        BadHttpRequestException bad => (bad.StatusCode, "bad_data"),
        InvalidDataException => (StatusCodes.Status400BadRequest, "bad_data"),
        SampleStoreException { Retryable: true } => (StatusCodes.Status503ServiceUnavailable, "unavailable"),
        SampleStoreException => (StatusCodes.Status500InternalServerError, "internal"),
        _ => null,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "A query could not be answered")]
    private partial void LogFailed(Exception exception);
}
