using NetPulse.Collector.Attribution;
using NetPulse.Collector.Export;
using NetPulse.Collector.Sampling;
using NetPulse.Collector.Sources;
using NetPulse.Collector.Sources.Kubelet;
using NetPulse.Hosting;

return await ServiceStart.RunAsync(args, static configuration =>
{
    var builder = WebApplication.CreateEmptyBuilder(new());
    builder.UseServiceConfiguration(configuration);
    var authorization = configuration.Root.ObjectSourceOf(AttributionOptions.Section) == ObjectSource.Cluster ? HttpAuthorization.Kubernetes : HttpAuthorization.None;
    builder.ListenOnHttp("127.0.0.1:9470", authorization);
    builder.Services.AddAccessControl(configuration.Root, authorization);
    builder.Services.AddAttribution(configuration.Root, static provider => provider.GetRequiredService<NodeName>().Value);
    builder.Services.AddSampling();
    builder.Services.AddKubelet(configuration.Root);
    builder.Services.AddExport(configuration.Root);

    var app = builder.Build();
    app.UseAccessControl();
    app.MapMetrics();
    return app;
});
