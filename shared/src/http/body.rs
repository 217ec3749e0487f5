//! The body and the query of a request, read into a request of ours.

use std::future::{Future, Ready, ready};
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use super::fields::{self, Read};
use super::json;
use super::reply::ApiError;
use crate::code::Code;
use crate::fault::FieldError;

/// The raw body; the gateway has checked its size per address.
pub struct Body<T> {
    bytes: web::Bytes,
    wanted: PhantomData<fn() -> T>,
}

impl<T: Read> Body<T> {
    /// The request, or INVALID_PARAMETER naming every bad field.
    pub fn read(&self) -> Result<T, ApiError> {
        let json = json::parse(&self.bytes).map_err(|refusal| {
            ApiError::new(Code::InvalidParameter, refusal.to_string())
                .with_details(vec![FieldError::malformed("body", refusal.to_string())])
        })?;
        fields::read(&json).map_err(ApiError::bad_fields)
    }
}

impl<T> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            match bytes.await {
                Ok(bytes) => Ok(Body { bytes, wanted: PhantomData }),
                Err(_) => Err(ApiError::new(Code::BodyTooLarge, Code::BodyTooLarge.sentence())),
            }
        })
    }
}

/// The query string.
pub struct Query<T> {
    text: String,
    wanted: PhantomData<fn() -> T>,
}

impl<T: Read> Query<T> {
    /// The request, or INVALID_PARAMETER naming every bad field.
    pub fn read(&self) -> Result<T, ApiError> {
        fields::read_query(&self.text).map_err(ApiError::bad_fields)
    }
}

impl<T> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Query { text: request.query_string().to_owned(), wanted: PhantomData }))
    }
}
