FROM dockerspec-kit/busybox:1 AS first
USER nobody
CMD ["sleep", "3600"]
FROM first
USER root
