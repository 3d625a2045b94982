# "adtally cluster render" writes this file from the locks of the jars; change those, not this.
FROM apache/flink:2.3.0-java17
ARG MAVEN_URL=https://repo.maven.apache.org/maven2
ADD --checksum=sha256:c8708d2ce84a08f600ead9a0f6e446fdab1b375d1cd3881896d55b68c03a0df7 --chmod=644 ${MAVEN_URL}/com/getindata/flink-http-connector/0.25.0/flink-http-connector-0.25.0.jar /opt/flink/lib/
ADD --checksum=sha256:ccb9691bf1d0f97574ae768e1bef05a39c06d7f7b13996e9d485fbdd69dcbfec --chmod=644 ${MAVEN_URL}/org/apache/flink/flink-connector-jdbc-core/4.0.0-2.0/flink-connector-jdbc-core-4.0.0-2.0.jar /opt/flink/lib/
ADD --checksum=sha256:b59c29dc65cafe8ae398e69072b9f6022f4a978a09002fd06a05a1a8dd3348d6 --chmod=644 ${MAVEN_URL}/org/apache/flink/flink-connector-jdbc-postgres/4.0.0-2.0/flink-connector-jdbc-postgres-4.0.0-2.0.jar /opt/flink/lib/
ADD --checksum=sha256:5605c691d11a501382c383fecba37a7a552467da5ab7ba904ef5d6f3d62c5616 --chmod=644 ${MAVEN_URL}/org/apache/flink/flink-sql-connector-kafka/5.0.0-2.2/flink-sql-connector-kafka-5.0.0-2.2.jar /opt/flink/lib/
ADD --checksum=sha256:f30617f4a5a6d437750f155ff72178ab34439aec91df64d96621c260559ba5fd --chmod=644 ${MAVEN_URL}/org/apache/flink/flink-sql-parquet/2.3.0/flink-sql-parquet-2.3.0.jar /opt/flink/lib/
ADD --checksum=sha256:a964d4daa054c9615bbafb4553efbb140fa7fb9ac6f358a24393f183a5703438 --chmod=644 ${MAVEN_URL}/org/apache/hadoop/hadoop-client-api/3.4.1/hadoop-client-api-3.4.1.jar /opt/flink/lib/
ADD --checksum=sha256:f6a800a159f918670db533606d33560d6c13b7e13f14eda493280ae33b9eeb2f --chmod=644 ${MAVEN_URL}/org/apache/hadoop/hadoop-client-runtime/3.4.1/hadoop-client-runtime-3.4.1.jar /opt/flink/lib/
ADD --checksum=sha256:157963d60ae66d607e09466e8c0cdf8087e9cb20d0159899ffca96bca2528460 --chmod=644 ${MAVEN_URL}/org/postgresql/postgresql/42.7.7/postgresql-42.7.7.jar /opt/flink/lib/
ADD --checksum=sha256:85658df5d4fc689cd9a5d45b6841dbdbae4a92942b9c3e561cec396fb4e910ff --chmod=644 ${MAVEN_URL}/org/apache/flink/flink-sql-gateway-api/2.3.0/flink-sql-gateway-api-2.3.0.jar /opt/flink/gateway/
ADD --checksum=sha256:aad296a152dc367ddd70727f5a57dd61958cff3d8dceb1f947bf8d9705c8d724 --chmod=644 ${MAVEN_URL}/org/apache/flink/flink-sql-gateway/2.3.0/flink-sql-gateway-2.3.0.jar /opt/flink/gateway/
