using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Optimizer.Ingest;
using NetPulse.Telemetry.Query;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Queries;

internal static class QueryRegistration
{
    /// <summary>The query API over the store that the settings name: a store that answers PromQL is asked itself.</summary>
    public static IServiceCollection AddQueries(this IServiceCollection services) => services
        .AddSettings<QueryOptions, QueryOptionsValidator>("query")
        .AddSingleton<IPromQl>(static provider =>
        {
            var options = provider.GetRequiredService<IOptions<QueryOptions>>().Value;
            var store = provider.GetRequiredService<OpenedStore>().Samples;
            return store as IPromQl ?? new PromQlEngine(store, new PromQlLimits { Samples = options.MaxSamples, Series = options.MaxSeries });
        })
        .AddSingleton<QueryTurns>()
        .AddSingleton<PrometheusApi>();

    public static void MapQueries(this IEndpointRouteBuilder endpoints) => PrometheusApi.Map(endpoints);
}
